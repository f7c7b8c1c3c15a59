/// A picture of the views that a pipeline makes: a row for each image, with the original at the left.
public struct ContactSheet: Sendable {
    private let pipeline: ViewPipeline
    private let seed: UInt64
    private let cell: Int
    private let zoom: Int
    private let gap = 4

    /// A sheet of the views that a run with this seed sees in its first epoch.
    public init(pipeline: ViewPipeline, seed: UInt64) {
        self.pipeline = pipeline
        self.seed = seed
        let side = pipeline.branches.map { max($0.size.width, $0.size.height) }.max() ?? 1
        cell = side
        // Views of 32 pixels would be hard to see on a screen.
        zoom = max(1, 96 / side)
    }

    /// Draws `count` images, spread evenly over the source; images that cannot be used are replaced by the next.
    /// - Throws: `DecodeError` if no image can be used.
    public func draw(_ source: any Source, count: Int) throws(DecodeError) -> Image {
        try sheet(of: source, count: count).picture
    }

    /// Draws as `draw` does, and returns how many images are shown and which were skipped.
    /// - Throws: `DecodeError` if no image can be used.
    public func sheet(
        of source: any Source, count: Int
    ) throws(DecodeError) -> (picture: Image, images: Int, skipped: [DecodeError]) {
        let (rows, skipped) = try views(of: source, count: count)
        let pitch = cell * zoom + gap
        let sheet = Image()
        sheet.reshape(
            to: Size(width: gap + (1 + pipeline.viewCount) * pitch, height: gap + rows.count * pitch))
        for channel in 0..<Image.channels { sheet.plane(channel).update(repeating: 255, count: sheet.size.area) }
        for (row, pictures) in rows.enumerated() {
            for (column, picture) in pictures.enumerated() {
                paste(picture, into: sheet, x: gap + column * pitch, y: gap + row * pitch)
            }
        }
        return (sheet, rows.count, skipped)
    }

    /// A thumbnail of one image and the views that a run with this seed sees in its first epoch.
    /// - Throws: `DecodeError` if the image cannot be used.
    public func pictures(of source: any Source, index: Int) throws(DecodeError) -> [Image] {
        try row(
            source, index, ImageDecoder(options: pipeline.decoding), FileBuffer(), Image(),
            Canvas())
    }

    /// A thumbnail and the views of each image, and the errors of the skipped images.
    private func views(
        of source: any Source, count: Int
    ) throws(DecodeError) -> (rows: [[Image]], skipped: [DecodeError]) {
        let decoder = ImageDecoder(options: pipeline.decoding)
        let buffer = FileBuffer()
        let picture = Image()
        let canvas = Canvas()
        var rows: [[Image]] = []
        var skipped: [DecodeError] = []
        var next = 0
        for position in 0..<min(count, source.count) {
            next = max(next, position * source.count / min(count, source.count))
            while next < source.count {
                defer { next += 1 }
                do throws(DecodeError) {
                    rows.append(try row(source, next, decoder, buffer, picture, canvas))
                    break
                } catch {
                    skipped.append(DecodeError(error.kind, path: source.name(next), reason: error.reason))
                }
            }
        }
        guard !rows.isEmpty else {
            throw skipped.first ?? DecodeError(.unreadable, path: "", reason: "there are no images")
        }
        return (rows, skipped)
    }

    private func row(
        _ source: any Source, _ index: Int, _ decoder: ImageDecoder, _ buffer: FileBuffer, _ picture: Image,
        _ canvas: Canvas
    ) throws(DecodeError) -> [Image] {
        let name = source.name(index)
        try source.read(index, into: buffer)
        _ = try decoder.decode(buffer.bytes, path: name, into: picture)
        var images = [thumbnail(of: picture, canvas)]
        let recipes: [Recipe]
        do {
            recipes = try pipeline.recipes(seed: seed, epoch: 0, sample: index, input: picture.size)
        } catch {
            throw DecodeError(.unsupported, path: name, reason: "\(picture.size) is unusable: \(error.reason)")
        }
        for recipe in recipes {
            pipeline.apply(recipe, to: picture, on: canvas)
            let view = Image()
            view.copy(from: canvas.picture)
            images.append(view)
        }
        return images
    }

    private func thumbnail(of picture: Image, _ canvas: Canvas) -> Image {
        let longest = max(picture.size.width, picture.size.height)
        let size = Size(
            width: max(1, picture.size.width * cell / longest), height: max(1, picture.size.height * cell / longest))
        canvas.load(picture)
        Resize().apply(Resize.Parameters(size: size), to: canvas)
        let image = Image()
        image.copy(from: canvas.picture)
        return image
    }

    /// Copies a picture into the sheet, every pixel as a square of `zoom`, centred in its cell.
    private func paste(_ picture: Image, into sheet: Image, x: Int, y: Int) {
        let left = x + (cell - picture.size.width) * zoom / 2
        let top = y + (cell - picture.size.height) * zoom / 2
        for channel in 0..<Image.channels {
            let source = picture.plane(channel)
            let target = sheet.plane(channel)
            for row in 0..<picture.size.height * zoom {
                for column in 0..<picture.size.width * zoom {
                    target[(top + row) * sheet.size.width + left + column] =
                        source[row / zoom * picture.size.width + column / zoom]
                }
            }
        }
    }
}
