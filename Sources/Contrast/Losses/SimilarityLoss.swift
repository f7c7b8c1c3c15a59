import Torch
import Views

/// A loss over the similarities of the views of a batch, divided by a temperature. It consists of its settings and a
/// formula; everything else follows.
protocol SimilarityLoss: LossSettings, Loss {
    /// tau, which divides the similarities.
    var temperature: ScheduledValue { get set }
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    var normalize: Bool { get set }
    /// The precision of the scores: float64 where the formula amplifies rounding errors.
    var scorePrecision: DType { get }
    /// Whether the loss itself is InfoNCE over its candidates.
    static var isInfoNCE: Bool { get }

    /// The formula: the mean loss over anchors.
    func loss(_ scores: ViewScores, labels: LabelSets?) throws(TorchError) -> Tensor
}

/// A similarity loss whose negatives may come from the batch or from a queue.
protocol AnchorLoss: SimilarityLoss, QueueLossSettings, QueueLoss {
    /// The formula: the mean loss over anchors.
    func loss(_ scores: some AnchorScores) throws(TorchError) -> Tensor
}

extension SimilarityLoss {
    var scorePrecision: DType { .float32 }

    static var isInfoNCE: Bool { false }

    /// tau if it is constant, or as it is after `at`.
    public var currentTemperature: Double? { temperature.from == temperature.to ? temperature.from : nil }

    /// Checks that the temperature is positive.
    public func validate() throws(InvalidSetting) { try requireTemperature(temperature) }

    /// Moves tau.
    public mutating func advance(to progress: Double) { temperature.advance(to: progress) }

    /// The 2N - 1 other views.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: LabelSets?) throws(TorchError) -> Tensor {
        try loss(
            ViewScores(first, second, temperature: temperature.from, normalize: normalize, dtype: scorePrecision),
            labels: labels)
    }

    /// NT-Xent of the same scores.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? {
        guard !Self.isInfoNCE else { return nil }
        return try withoutGradients { () throws(TorchError) in
            try ViewScores(first, second, temperature: temperature.from, normalize: normalize)
                .crossEntropy(decoupled: false)
        }
    }

    /// All pairs from one matrix.
    public func ofAllPairs(
        _ pairs: ViewPairs, labels: LabelSets?
    ) throws(TorchError) -> (loss: Tensor, contrast: Tensor?)? {
        let (tau, type) = (temperature.from, scorePrecision)
        guard let scores = try ViewScores(pairs, temperature: tau, normalize: normalize, dtype: type) else {
            return nil
        }
        let value = try loss(scores, labels: labels)
        guard !Self.isInfoNCE else { return (value, nil) }
        return (value, try withoutGradients { () throws(TorchError) in try scores.crossEntropy(decoupled: false) })
    }
}

extension AnchorLoss {
    func loss(_ scores: ViewScores, labels: LabelSets?) throws(TorchError) -> Tensor { try loss(scores) }

    /// The loss in nats with the K negatives of a queue.
    public func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        try loss(
            QueueScores(
                queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize,
                dtype: scorePrecision))
    }

    /// MoCo's loss of the same scores.
    public func contrast(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor? {
        guard !Self.isInfoNCE else { return nil }
        return try withoutGradients { () throws(TorchError) in
            try QueueScores(queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize)
                .crossEntropy(decoupled: false)
        }
    }
}

/// Throws unless a temperature is positive and finite.
func requireTemperature(_ value: ScheduledValue, key: String = "temperature") throws(InvalidSetting) {
    try require(key, value, "positive") { $0 > 0 && $0.isFinite }
}
