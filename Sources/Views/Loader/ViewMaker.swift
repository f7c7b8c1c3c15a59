/// Makes all views of an image: decodes once, then augments each view.
///
/// It holds all memory for this, which stops growing after the largest image. It is not shared between threads.
public final class ViewMaker {
    let pipeline: ViewPipeline
    let picture = Image()
    let trunk = Canvas()
    let canvas: Canvas
    private let decoder: any PictureDecoder
    private let cache: PictureCache?
    private let buffer: FileBuffer

    init(
        pipeline: ViewPipeline, decoder: any PictureDecoder, cache: PictureCache? = nil, maximumFileBytes: Int = 1 << 30
    ) {
        self.cache = cache
        buffer = FileBuffer(limit: maximumFileBytes)
        self.pipeline = pipeline
        self.decoder = decoder
        canvas = Canvas(capacity: pipeline.branches.map(\.size.area).max() ?? 0)
    }

    /// Makes the views of an image as pictures, each with its recipe.
    /// - Throws: `DecodeError` if the image cannot be read or decoded, or has a size that a step cannot handle.
    public func pictures(
        of source: any Source, sample: Int, seed: UInt64, epoch: Int
    ) throws(DecodeError) -> [(recipe: Recipe, picture: Image)] {
        do throws(DecodeError) {
            try source.read(sample, into: buffer)
            let size = try decoder.size(of: buffer.bytes)
            let recipes = try draw(seed: seed, epoch: epoch, sample: sample, size: size)
            return try pictures(recipes, of: buffer.bytes)
        } catch {
            throw DecodeError(error.kind, path: source.name(sample), reason: error.reason)
        }
    }

    /// Makes one view again from its recipe.
    /// - Throws: `DecodeError` if the image cannot be read or decoded, or if the pipeline draws something else for it:
    ///   parameters of another pipeline could lead out of the picture's memory.
    public func picture(of source: any Source, recipe: Recipe) throws(DecodeError) -> Image {
        let sample = recipe.key.sample
        do throws(DecodeError) {
            try source.read(sample, into: buffer)
            let size = try decoder.size(of: buffer.bytes)
            let key = recipe.key
            guard (0..<pipeline.viewCount).contains(key.view),
                try draw(seed: key.seed, epoch: key.epoch, sample: sample, size: size)[key.view] == recipe
            else {
                throw DecodeError(.unsupported, path: "", reason: "the recipe is not this pipeline's for this image")
            }
            return try pictures([recipe], of: buffer.bytes)[0].picture
        } catch {
            throw DecodeError(error.kind, path: source.name(sample), reason: error.reason)
        }
    }

    private func pictures(
        _ recipes: [Recipe], of bytes: UnsafeRawBufferPointer
    ) throws(DecodeError) -> [(recipe: Recipe, picture: Image)] {
        try decode(recipes, of: bytes)
        return recipes.map { recipe in
            pipeline.apply(recipe, to: picture, on: canvas)
            let copy = Image()
            copy.copy(from: canvas.picture)
            return (recipe, copy)
        }
    }

    /// Draws the views of an image, and reads and decodes what they need into `picture`.
    func prepare(_ source: any Source, sample: Int, seed: UInt64, epoch: Int) throws(DecodeError) -> [Recipe] {
        try source.read(sample, into: buffer)
        let size = try decoder.size(of: buffer.bytes)
        let recipes = try draw(seed: seed, epoch: epoch, sample: sample, size: size)
        try decode(recipes, of: buffer.bytes)
        return recipes
    }

    /// Decodes the part that these views read into `picture`.
    private func decode(_ recipes: [Recipe], of bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        try decoder.decode(
            bytes, region: pipeline.region(of: recipes), shrink: pipeline.shrink(for: recipes), into: picture)
    }

    /// Decodes a whole picture into the cache; nil if the cache is full.
    private func decodeIntoCache(
        _ bytes: UnsafeRawBufferPointer, size: Size, sample: Int
    ) throws(DecodeError) -> Image? {
        guard let cache, cache.reserve(size) else { return nil }
        let image = Image(capacity: size.area)
        do {
            try decoder.decode(bytes, region: Region(size), shrink: 1, into: image)
        } catch {
            cache.release(size)
            throw error
        }
        cache.put(image, sample)
        return image
    }

    private func draw(seed: UInt64, epoch: Int, sample: Int, size: Size) throws(DecodeError) -> [Recipe] {
        do {
            return try pipeline.recipes(seed: seed, epoch: epoch, sample: sample, input: size)
        } catch {
            throw DecodeError(.unsupported, path: "", reason: "\(size) is unusable: \(error.key) \(error.reason)")
        }
    }

    /// Reads an image and makes its views.
    /// - Parameters:
    ///   - times: the time of each stage is added to it.
    ///   - write: stores each view, counted over all branches; its picture is valid during the call.
    func make(
        _ source: any Source, sample: Int, seed: UInt64, epoch: Int, times: inout LoaderStatistics,
        write: (_ view: Int, _ picture: Image) -> Void
    ) throws(DecodeError) {
        var clock = monotonicNanoseconds()
        func lap() -> UInt64 {
            let now = monotonicNanoseconds()
            defer { clock = now }
            return now - clock
        }
        var start = picture
        let recipes: [Recipe]
        if let kept = cache?.picture(sample) {
            start = kept
            recipes = try draw(seed: seed, epoch: epoch, sample: sample, size: kept.size)
        } else {
            try source.read(sample, into: buffer)
            let bytes = buffer.bytes
            times.bytes += bytes.count
            times.read += lap()
            let size = try decoder.size(of: bytes)
            times.decode += lap()
            recipes = try draw(seed: seed, epoch: epoch, sample: sample, size: size)
            times.augment += lap()
            if let kept = try decodeIntoCache(bytes, size: size, sample: sample) {
                start = kept
            } else {
                try decode(recipes, of: bytes)
            }
            times.decode += lap()
        }
        if pipeline.hasTrunk, let first = recipes.first {
            trunk.load(start)
            pipeline.applyTrunk(first, on: trunk)
            start = trunk.picture
        }
        for (view, recipe) in recipes.enumerated() {
            canvas.load(start)
            pipeline.applyBranch(recipe, on: canvas)
            times.augment += lap()
            write(view, canvas.picture)
            times.normalize += lap()
        }
        times.images += 1
    }
}
