/// The result of a benchmark; times are means.
public struct BenchReport: Codable, Equatable, Sendable {
    /// Microseconds of worker time for one image, by stage.
    public struct Stages: Codable, Equatable, Sendable {
        /// Reading the file.
        public var read: Double
        /// Decoding, including the header.
        public var decode: Double
        /// Drawing and applying the steps of all views.
        public var augment: Double
        /// Writing all views into the batch, as floats or bytes.
        public var normalize: Double
        /// Waiting for room in the queue, because the consumer is slower.
        public var idle: Double
        /// Distributing work, and anything that kept threads from running.
        public var other: Double
    }

    /// One step of the pipeline, timed on one thread while nothing else runs.
    public struct Step: Codable, Equatable, Sendable {
        /// The name of its branch, or `trunk`.
        public var branch: String
        /// The augmentation's name.
        public var name: String
        /// Microseconds for a view, including views that skip the step.
        public var microseconds: Double
    }

    /// What limits the rate.
    public enum Bottleneck: String, Codable, Sendable {
        /// Reading files.
        case read
        /// Decoding images.
        case decode
        /// The steps of the pipeline.
        case augment
        /// Writing the views into the batch.
        case normalize
        /// The consumer of the batches: the loader waits.
        case consumer
        /// Threads get too little processor time, or wait for each other.
        case scheduling
    }

    /// Worker threads.
    public var threads: Int
    /// Seconds measured.
    public var seconds: Double
    /// Images made into views in this time.
    public var images: Int
    /// Images that could not be used, counted each time.
    public var failures: Int
    /// Views of each image.
    public var views: Int
    /// Images a second.
    public var imagesPerSecond: Double
    /// Pairs of views a second: images a second times half the number of views.
    public var pairsPerSecond: Double
    /// Encoded megabytes (10^6 bytes) read a second.
    public var megabytesPerSecond: Double
    /// Whole files that the same threads read and decode a second.
    public var decodesPerSecond: Double
    /// Images a second divided by whole decodes a second.
    public var decodeRatio: Double
    /// Microseconds of processor time for reading and decoding a whole file.
    public var decodeProcessorMicroseconds: Double
    /// Microseconds of processor time for an image in all. Other programs on the machine change its ratio to
    /// `decodeProcessorMicroseconds` little.
    public var processorMicroseconds: Double
    /// Share of the threads' time in which they ran on a processor, 0...1.
    public var processorShare: Double
    /// The workers' time by stage.
    public var stages: Stages
    /// Every step of the pipeline, in order.
    public var steps: [Step]
    /// What limits the rate.
    public var bottleneck: Bottleneck

    init(
        _ statistics: LoaderStatistics, nanoseconds: UInt64, processor: UInt64, threads: Int, views: Int,
        decodes: (rate: Double, processor: Double), steps: [Step]
    ) {
        let seconds = Double(nanoseconds) / 1e9
        let images = Double(max(1, statistics.images))
        func perImage(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e3 / images }
        self.threads = threads
        self.seconds = seconds
        self.images = statistics.images
        failures = statistics.failures
        self.views = views
        imagesPerSecond = Double(statistics.images) / seconds
        pairsPerSecond = imagesPerSecond * Double(views) / 2
        megabytesPerSecond = Double(statistics.bytes) / 1e6 / seconds
        decodesPerSecond = decodes.rate
        decodeRatio = decodes.rate > 0 ? imagesPerSecond / decodes.rate : 0
        decodeProcessorMicroseconds = decodes.processor / 1e3
        processorMicroseconds = perImage(processor)
        processorShare = min(1, Double(processor) / (Double(nanoseconds) * Double(threads)))
        let named = statistics.read + statistics.decode + statistics.augment + statistics.normalize + statistics.idle
        let stages = Stages(
            read: perImage(statistics.read), decode: perImage(statistics.decode),
            augment: perImage(statistics.augment), normalize: perImage(statistics.normalize),
            idle: perImage(statistics.idle), other: max(0, perImage(nanoseconds) * Double(threads) - perImage(named)))
        self.stages = stages
        self.steps = steps
        let shares: [(Bottleneck, Double)] = [
            (.read, stages.read), (.decode, stages.decode), (.augment, stages.augment),
            (.normalize, stages.normalize), (.consumer, stages.idle), (.scheduling, stages.other),
        ]
        bottleneck = shares.max { $0.1 < $1.1 }?.0 ?? .decode
    }
}

extension BenchReport: CustomStringConvertible {
    /// The results in a few lines.
    public var description: String {
        func text(_ value: Double) -> String {
            let digits = value < 10 ? 10.0 : 1.0
            let rounded = (value * digits).rounded() / digits
            return digits == 1 ? "\(Int(rounded))" : "\(rounded)"
        }
        let shares = [
            ("read", stages.read), ("decode", stages.decode), ("augment", stages.augment),
            ("normalize", stages.normalize), ("idle", stages.idle), ("other", stages.other),
        ]
        var lines = [
            "\(text(pairsPerSecond)) pairs/s: \(text(imagesPerSecond)) images/s of \(views) views, "
                + "\(text(megabytesPerSecond)) MB/s read, \(threads) threads",
            "\(text(decodeRatio * 100))% of the \(text(decodesPerSecond)) whole decodes/s of the same files",
            "microseconds of processor time: \(text(processorMicroseconds)) an image, "
                + "\(text(decodeProcessorMicroseconds)) a whole decode",
            "microseconds an image: " + shares.map { "\($0.0) \(text($0.1))" }.joined(separator: ", "),
            "microseconds a view: "
                + steps.map { "\($0.branch) \($0.name) \(text($0.microseconds))" }.joined(separator: ", "),
        ]
        if failures > 0 { lines.append("\(failures) of \(images + failures) images could not be used") }
        lines.append("the bottleneck: \(bottleneck.explanation)")
        return lines.joined(separator: "\n")
    }
}

extension BenchReport.Bottleneck {
    /// What limits the rate, and what to do about it.
    public var explanation: String {
        switch self {
        case .read: "reading files; put them on a faster disk, or in memory"
        case .decode: "decoding; use more threads, smaller files, or a cache of decoded pictures"
        case .augment: "augmenting; use more threads, or fewer or cheaper steps"
        case .normalize: "writing floats; use more threads"
        case .consumer: "the consumer of the batches; the loader waits"
        case .scheduling: "scheduling: threads get too little processor time; use fewer, or end other programs"
        }
    }
}
