import Files

/// Measures how fast this machine makes the views of a source's images, and how long each stage takes.
///
/// First the loader runs as in training, but with a consumer that needs no time. Then the same threads only decode
/// whole files, for comparison. Then one thread times every step of the pipeline.
public struct Bench: Sendable {
    /// Seconds for which the loader is measured; warm-up and comparison take about as long again.
    public var seconds = 10.0
    /// Images in a batch; fewer if there are fewer images.
    public var batch = 64
    /// The seed of the order and of the views.
    public var seed: UInt64 = 0
    /// How the loader works.
    public var options = LoaderOptions()

    /// Ten seconds with one thread for each processor.
    public init() {}

    /// Runs all measurements.
    /// - Throws: `LoaderError` if there are no images, or too many that cannot be used.
    public func run(_ source: any Source, pipeline: ViewPipeline) throws(LoaderError) -> BenchReport {
        let threads = max(1, options.threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let run = try load(source, pipeline, threads: threads)
        let decodes = decodeWhole(source, pipeline, threads: threads)
        let maker = ViewMaker(
            pipeline: pipeline, decoder: CodecDecoder(pipeline.decoding),
            maximumFileBytes: options.maximumFileBytes)
        let steps = maker.profile(source, seed: seed, seconds: seconds / 10)
        return BenchReport(
            run.statistics, nanoseconds: run.wall, processor: run.processor, threads: threads,
            views: pipeline.viewCount, decodes: decodes, steps: steps)
    }

    /// The workers' times during the measurement.
    private func load(
        _ source: any Source, _ pipeline: ViewPipeline, threads: Int
    ) throws(LoaderError) -> (statistics: LoaderStatistics, wall: UInt64, processor: UInt64) {
        var options = options
        options.threads = threads
        let batch = max(1, min(batch, source.count))
        let loader = try Loader(
            source, pipeline: pipeline,
            sampler: Sampler(
                count: source.count, batch: batch, seed: seed, dropLast: false, shuffle: .training(source)),
            seed: seed, epochs: 0..<1 << 32, options: options)
        defer { loader.stop() }
        func take(until end: UInt64) throws(LoaderError) {
            while monotonicNanoseconds() < end { _ = try loader.next() }
        }
        // A cache is full after one epoch; without one, memory has its final size long before.
        if pipeline.cacheBytes > 0 { while try loader.next() != nil {} }
        try take(until: monotonicNanoseconds() + UInt64(min(seconds / 5, 2) * 1e9))
        let before = loader.statistics
        let (wall, processor) = (monotonicNanoseconds(), processorNanoseconds())
        try take(until: wall + UInt64(seconds * 1e9))
        let after = loader.statistics
        return (after - before, monotonicNanoseconds() - wall, processorNanoseconds() - processor)
    }

    /// Whole files that these threads read and decode a second, and the processor time of each in nanoseconds.
    private func decodeWhole(
        _ source: any Source, _ pipeline: ViewPipeline, threads: Int
    ) -> (rate: Double, processor: Double) {
        let total = BenchCounter()
        let (start, processor) = (monotonicNanoseconds(), processorNanoseconds())
        let end = start + UInt64(seconds / 4 * 1e9)
        let (count, limit) = (source.count, options.maximumFileBytes)
        var settings = pipeline.decoding
        settings.libraryOnly = true
        let plain = settings
        Workers.run(threads) {
            let decoder = ImageDecoder(options: plain)
            let buffer = FileBuffer(limit: limit)
            let picture = Image()
            while monotonicNanoseconds() < end {
                let sample = total.next() % count
                do throws(DecodeError) {
                    try source.read(sample, into: buffer)
                    try decoder.decode(buffer.bytes, path: "", into: picture)
                } catch {
                    // The loader has counted it.
                    continue
                }
                total.add()
            }
        }
        let done = Double(max(1, total.done))
        return (
            done / (Double(monotonicNanoseconds() - start) / 1e9), Double(processorNanoseconds() - processor) / done
        )
    }
}

/// The processor time of this process, over all its threads.
private func processorNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
