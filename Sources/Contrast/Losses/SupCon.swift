import Torch
import Views

/// Supervised contrastive learning: Khosla et al. 2020, arXiv 2004.11362, equation 2 (the sum outside of the logarithm).
///
/// Over the 2N views, the mean of the mean over an anchor's positives p (its other view and all views of its class) of
/// `-s(i, p) + log sum_{j != i} e^{s(i, j)}`. Without shared labels it is NT-Xent; images of unknown class share none. The
/// authors' code multiplies by tau / 0.07, which is not done here. It bounds no mutual information: what is reported beside
/// it is NT-Xent's bound on the same scores.
public struct SupCon: ContrastiveLoss, PairLoss {
    /// `sup_con`.
    public static let name = "sup_con"

    /// tau, by which similarities are divided.
    public var temperature: Course = 0.1
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.1 on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, normalize: Bool = true) {
        self.temperature = Course(temperature)
        self.normalize = normalize
    }

    /// Shared classes make positives.
    public var labelUse: LabelUse { .welcome }

    /// Checks that the temperature is positive.
    public func validate() throws(InvalidSetting) { try requireTemperature(temperature) }

    /// Checks that there are classes to tell apart.
    public func validate(pairs: Int, classes: Int) throws(InvalidSetting) {
        guard classes >= 2 else {
            throw InvalidSetting(
                "", "needs images in two class folders at least, there are \(classes); without labels take nt_xent")
        }
    }

    /// The 2N - 1 of NT-Xent.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]`, `[N, D]` and N labels, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        let pairs = first.shape[0]
        let labels = labels ?? Array(repeating: -1, count: pairs)
        guard labels.count == pairs else {
            throw TorchError(operation: "sup_con", message: "there are \(labels.count) labels for \(pairs) pairs")
        }
        let scores = try ViewScores(first, second, temperature: temperature.from, normalize: normalize)
        // An unknown class is one of its own.
        let classes = labels.enumerated().map { Int64($0.element < 0 ? -1 - $0.offset : $0.element) }
        let column = try Tensor(classes + classes, shape: [2 * pairs, 1]).to(device: scores.all.device)
        let itself = try Tensor.eye(2 * pairs, dtype: .bool, device: scores.all.device)
        let shared = try column.eq(column.transpose(0, 1)).to(scores.all.dtype).maskedFill(itself, 0)
        let positives = try (scores.all * shared).sum(dim: 1) / shared.sum(dim: 1)
        return try (scores.others().logsumexp(dim: 1) - positives).mean()
    }

    /// NT-Xent of the same scores.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(first, second, temperature: temperature.from, normalize: normalize)
    }

    /// Itself with the settings that hold where `progress` of the run is done.
    public func at(_ progress: Double) -> Self {
        var now = self
        now.temperature = temperature.at(progress)
        return now
    }
}
