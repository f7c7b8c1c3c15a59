/// The normalised views of some images in one array, as a trainer would see them.
public struct ViewArray: Sendable {
    private let pipeline: ViewPipeline
    private let seed: UInt64

    /// Makes views as a run of this seed sees them in its first epoch.
    public init(pipeline: ViewPipeline, seed: UInt64) {
        self.pipeline = pipeline
        self.seed = seed
    }

    /// The views of the first `count` images: `[images, views, 3, H, W]`.
    /// - Precondition: all branches have one extent.
    /// - Throws: `DecodeError` where an image cannot be used.
    public func make(_ source: any Source, count: Int) throws(DecodeError) -> (values: [Float], images: Int) {
        let images = min(count, source.count)
        let pixels = Image.channels * (pipeline.branches.first?.size.area ?? 0)
        var values = [Float](repeating: 0, count: images * pipeline.viewCount * pixels)
        let maker = ViewMaker(pipeline: pipeline, decoder: CodecDecoder(DecodeOptions(background: pipeline.background)))
        var statistics = LoaderStatistics()
        for image in 0..<images {
            try values.withUnsafeMutableBufferPointer { memory throws(DecodeError) in
                let start = memory.baseAddress.unsafelyUnwrapped + image * pipeline.viewCount * pixels
                try maker.make(source, sample: image, seed: seed, epoch: 0, times: &statistics) {
                    pipeline.normalize.write($1, to: start + $0 * pixels)
                }
            }
        }
        return (values, images)
    }
}
