import Files

/// What a run's folder and images tell besides the embeddings.
public struct RunEvidence: Sendable {
    /// Whether the method contrasts pairs.
    public var contrasts: Bool
    /// The number of images in a step.
    public var batchSize: Int
    /// The number of training images.
    public var images: Int
    /// The size of the largest class over that of the smallest; nil without two classes.
    public var imbalance: Double?
    /// Share of time spent waiting for data, the mean over the last three epochs; nil before the first has ended.
    public var dataWait: Double?
    /// Bound over ceiling in the last epoch; nil where the objective bounds nothing.
    public var boundShare: Double?
    /// The share of 256 view pairs that colours alone match; nil with fewer images.
    public var colourRetrieval: Measured?
    /// The share of 256 view pairs that layout alone matches; nil with fewer images.
    public var positionRetrieval: Measured?
    /// Test images that are also training images; nil if it was not checked.
    public var copies: TrainTestCopies?
    /// The effective rank of the encoder's features, before the head.
    public var encoderRank: Measured?
    /// RankMe of the encoder's features.
    public var encoderRankMe: Measured?

    /// The run beside random weights and its starting weights; nil if no probe compared them.
    public var comparison: ProbeComparison?

    /// Reads the log of a run.
    /// - Parameter labels: the images' classes, negative for none.
    init(folder: RunFolder, experiment: Experiment, labels: [Int]) {
        contrasts = experiment.method.component.requirements.pairs
        batchSize = experiment.training.batchSize
        images = labels.count
        var counts: [Int: Int] = [:]
        for label in labels where label >= 0 { counts[label, default: 0] += 1 }
        if counts.count > 1, let largest = counts.values.max(), let smallest = counts.values.min() {
            imbalance = Double(largest) / Double(smallest)
        }
        comparison = ProbeReport.read(folder.probe)?.comparison
        let epochs = RunEvidence.epochs(of: folder)
        let last = epochs.suffix(3)
        if !last.isEmpty { dataWait = last.reduce(0) { $0 + $1.dataWait } / Double(last.count) }
        boundShare = epochs.last.flatMap { epoch in epoch.miBound.map { $0 / max(epoch.miCeiling, 1e-9) } }
    }

    /// The epochs that a run's log has.
    static func epochs(of folder: RunFolder) -> [EpochRecord] {
        // Lines of steps are no epochs and do not decode as such.
        JSONLines(folder.metrics).records(EpochRecord.self)
    }

    /// The completed share of a run, 0...1.
    static func progress(of folder: RunFolder, _ experiment: Experiment) -> Double {
        Double(epochs(of: folder).last?.epoch ?? 0) / Double(experiment.training.epochs)
    }
}
