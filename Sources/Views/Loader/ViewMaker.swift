/// Makes all views of one image after another: decodes once, then augments and normalises each view.
///
/// Holds all memory that this takes, which stops growing at the largest image. One owner; not shared between threads.
final class ViewMaker {
    private let pipeline: ViewPipeline
    private let decoder: any PictureDecoder
    private let picture = Image()
    private let trunk = Canvas()
    private let canvas: Canvas

    init(pipeline: ViewPipeline, decoder: any PictureDecoder) {
        self.pipeline = pipeline
        self.decoder = decoder
        canvas = Canvas(capacity: pipeline.branches.map(\.size.area).max() ?? 0)
    }

    /// Makes the views of an image, as floats `[3, height, width]` each.
    /// - Parameters:
    ///   - target: where a view goes, counted over all branches.
    ///   - times: what each stage took is added to it.
    func make(
        _ bytes: UnsafeRawBufferPointer, seed: UInt64, epoch: Int, sample: Int, times: inout LoaderStatistics,
        target: (Int) -> UnsafeMutablePointer<Float>
    ) throws(DecodeError) {
        var clock = monotonicNanoseconds()
        func lap() -> UInt64 {
            let now = monotonicNanoseconds()
            defer { clock = now }
            return now - clock
        }
        let size = try decoder.size(of: bytes)
        times.decode += lap()
        let recipes: [Recipe]
        do {
            recipes = try pipeline.recipes(seed: seed, epoch: epoch, sample: sample, input: size)
        } catch {
            throw DecodeError(.unsupported, path: "", reason: "\(size) is unusable: \(error.key) \(error.reason)")
        }
        times.augment += lap()
        try decoder.decode(bytes, region: pipeline.region(of: recipes), into: picture)
        times.decode += lap()
        var start = picture
        if pipeline.hasTrunk, let first = recipes.first {
            trunk.load(picture)
            pipeline.applyTrunk(first, on: trunk)
            start = trunk.picture
        }
        for (view, recipe) in recipes.enumerated() {
            canvas.load(start)
            pipeline.applyBranch(recipe, on: canvas)
            times.augment += lap()
            pipeline.normalize.write(canvas.picture, to: target(view))
            times.normalize += lap()
        }
    }
}
