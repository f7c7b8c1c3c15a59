import Files

/// Streams batches of augmented views of a source's images. Worker threads make them ahead of the consumer.
///
/// ```swift
/// let loader = try Loader(
///     folder, pipeline: pipeline, sampler: Sampler(count: folder.count, batch: 64, seed: 0, dropLast: true), epochs: 0..<10)
/// for epoch in 0..<10 {
///     while let batch = try loader.next() { train(on: batch.views(branch: 0)) }
/// }
/// ```
/// Batches are the same, bit for bit, with any number of threads and slots. All batches are allocated by `init`;
/// workers stop allocating after their largest image. `next` blocks its thread and has one consumer; `stop` may be
/// called from any thread.
public final class Loader: Sendable {
    private let ring: SlotRing
    private let consumer: Consumer

    /// Makes a loader and starts its workers.
    /// - Parameters:
    ///   - source: the images.
    ///   - pipeline: the views that are made of each image.
    ///   - sampler: which images make up which batch; its number of images must be that of the source.
    ///   - seed: the seed of the views.
    ///   - epochs: the epochs to run.
    ///   - first: batches of the first epoch to skip, when a run resumes.
    ///   - options: threads, memory, the type of pixel values, and the policy for images that cannot be used.
    /// - Throws: `LoaderError.empty` if there is nothing to load, `.invalid` if the options ask for bytes and the
    ///   pipeline mixes views, `.memory` if there is too little memory for the batches, `.threads` if no thread can be
    ///   started.
    public convenience init(
        _ source: any Source, pipeline: ViewPipeline, sampler: Sampler, seed: UInt64, epochs: Range<Int>,
        from first: Int = 0, options: LoaderOptions = LoaderOptions()
    ) throws(LoaderError) {
        let settings = pipeline.decoding
        try self.init(
            source, pipeline: pipeline, sampler: sampler, seed: seed, epochs: epochs, from: first, options: options,
            decoder: { CodecDecoder(settings) })
    }

    /// A loader with any decoder.
    init(
        _ source: any Source, pipeline: ViewPipeline, sampler: Sampler, seed: UInt64, epochs: Range<Int>,
        from first: Int,
        options: LoaderOptions, decoder: @escaping @Sendable () -> any PictureDecoder
    ) throws(LoaderError) {
        guard source.count > 0 else { throw .empty("there are no images") }
        guard sampler.count == source.count else {
            throw .empty("the sampler is for \(sampler.count) images, there are \(source.count)")
        }
        guard sampler.batches > 0 else {
            throw .empty("there are \(source.count) images, too few for a batch of \(sampler.batch)")
        }
        var options = options
        options.lag = max(0, options.lag)
        guard pipeline.mix == nil || options.pixels == .float32 else {
            throw .invalid(InvalidSetting("mix", "mixes floats, so the loader cannot deliver its views as bytes"))
        }
        let capacity = min(sampler.batch, source.count)
        let bytes = pipeline.branches.reduce(0) {
            $0 + ViewBatch.bytes(of: $1, images: capacity, pixels: options.pixels)
        }
        let pixels = pipeline.branches.reduce(0) { $0 + $1.count * $1.size.area }
        let ring = SlotRing(
            slots: try (0..<options.slotCount(bytes: bytes)).map { (_) throws(LoaderError) in
                try ViewBatch(
                    branches: pipeline.branches, capacity: capacity, pixels: options.pixels, from: options.memory,
                    mixer: pipeline.mix.map { BatchMixer($0, seed: seed, capacity: capacity) })
            },
            lag: options.lag, reuse: options.reuse, plan: BatchPlan(sampler: sampler, epochs: epochs, first: first),
            // About the work of one view of 128 by 128, so that small views do not contend for the ring's lock.
            chunk: min(max(1, 16384 / max(1, pixels)), 16), label: { source.label($0) ?? -1 })
        self.ring = ring
        consumer = Consumer(source: source, policy: options.badImages, epoch: epochs.lowerBound, end: epochs.upperBound)
        let limit = options.maximumFileBytes
        let cache = pipeline.cacheBytes > 0 ? PictureCache(bytes: pipeline.cacheBytes) : nil
        var workers = 0
        for _ in 0..<max(1, options.threads ?? ProcessInfo.processInfo.activeProcessorCount) {
            let isStarted = ring.start {
                let maker = ViewMaker(
                    pipeline: pipeline, decoder: decoder(), cache: cache, maximumFileBytes: limit)
                Loader.work(on: ring, source: source, maker: maker, seed: seed)
            }
            if isStarted { workers += 1 }
        }
        guard workers > 0 else { throw .threads }
    }

    deinit { ring.stop() }

    /// The next batch of the epoch. The batch before it (with a lag, an earlier one) goes back to the workers. Returns
    /// nil once at the end of each epoch, and always after the last. Images that cannot be used are skipped; so is a
    /// batch without any other images.
    /// - Throws: `LoaderError`; every later call throws the same error.
    public func next() throws(LoaderError) -> ViewBatch? {
        guard case .batch(let batch) = try consumer.next(from: ring) else { return nil }
        return batch
    }

    /// What a consumer gets that waits for a limited time.
    public enum Delivery {
        /// A batch.
        case batch(ViewBatch)
        /// All batches of the epoch were delivered.
        case endOfEpoch
        /// The next batch is not complete yet.
        case pending
    }

    /// As `next()`, but waits for at most `seconds`.
    /// - Throws: `LoaderError`; `allHeld` if batches are reused after their release and the consumer holds all of them.
    ///   The loader can still be used after `allHeld`.
    public func next(within seconds: Double) throws(LoaderError) -> Delivery {
        try consumer.next(from: ring, deadline: Date(timeIntervalSinceNow: min(seconds, 1e9)))
    }

    /// Gives a batch back to the workers, if `LoaderOptions.reuse` is `afterRelease`; from any thread.
    public func release(_ batch: ViewBatch) { ring.release(batch) }

    /// Stops the loader early: workers finish their current image and end; `next` throws `stopped` from then on.
    public func stop() { ring.stop() }

    /// Seconds that the consumer spent waiting for batches.
    public var waitSeconds: Double { Double(ring.waited) / 1e9 }

    /// The workers' times so far, by stage.
    public var statistics: LoaderStatistics { ring.statistics }

    /// The images that were skipped so far, in the order in which they were found.
    public var quarantine: [QuarantineRecord] { consumer.quarantine }

    /// The work of one thread, until there are no more batches.
    private static func work(on ring: SlotRing, source: any Source, maker: ViewMaker, seed: UInt64) {
        let normalize = maker.pipeline.normalize
        while let claim = ring.claim() {
            let batch = claim.slot.batch
            var failures: [(row: Int, error: DecodeError)] = []
            var statistics = LoaderStatistics()
            for row in claim.rows {
                // An image can take long; a loader that is being stopped needs no more images.
                if ring.stopped { break }
                do throws(DecodeError) {
                    try maker.make(
                        source, sample: batch.samples[row], seed: seed, epoch: batch.epoch, times: &statistics
                    ) { batch.write($1, view: $0, row: row, normalize: normalize) }
                } catch {
                    failures.append((row, error))
                    statistics.failures += 1
                }
            }
            ring.finish(claim, failures: failures, statistics: statistics)
        }
    }
}
