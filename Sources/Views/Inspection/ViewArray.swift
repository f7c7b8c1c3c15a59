/// The normalised views of some images in one array, as a trainer would see them.
public struct ViewArray: Sendable {
    private let pipeline: ViewPipeline
    private let seed: UInt64

    /// Makes the views that a run with this seed sees in its first epoch.
    public init(pipeline: ViewPipeline, seed: UInt64) {
        self.pipeline = pipeline
        self.seed = seed
    }

    /// The views of the first `count` images that can be used: `[images, views, 3, H, W]`.
    /// - Precondition: all branches have the same size.
    /// - Returns: the values, the positions of their images, and the errors of skipped images.
    /// - Throws: `DecodeError` if no image can be used.
    public func make(
        _ source: any Source, count: Int
    ) throws(DecodeError) -> (values: [Float], images: Int, skipped: [DecodeError]) {
        let pixels = pipeline.viewCount * Image.channels * (pipeline.branches.first?.size.area ?? 0)
        var values = [Float](repeating: 0, count: min(count, source.count) * pixels)
        let maker = ViewMaker(pipeline: pipeline, decoder: CodecDecoder(pipeline.decoding))
        var statistics = LoaderStatistics()
        var images = 0
        var skipped: [DecodeError] = []
        for sample in 0..<source.count where images < count {
            do throws(DecodeError) {
                try values.withUnsafeMutableBufferPointer { memory throws(DecodeError) in
                    let start = memory.baseAddress.unsafelyUnwrapped + images * pixels
                    try maker.make(source, sample: sample, seed: seed, epoch: 0, times: &statistics) {
                        pipeline.normalize.write($1, to: start + $0 * pixels / pipeline.viewCount)
                    }
                }
                images += 1
            } catch {
                skipped.append(DecodeError(error.kind, path: source.name(sample), reason: error.reason))
            }
        }
        if images == 0, let first = skipped.first { throw first }
        return (Array(values.prefix(images * pixels)), images, skipped)
    }
}
