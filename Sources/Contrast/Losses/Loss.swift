import Torch
import Views

/// The settings of a contrastive objective.
public protocol ContrastiveLoss: Component {
    /// The objective over embeddings of `dimension` numbers; what it learns itself, such as a critic's weights, is drawn
    /// from `generator` in a fixed order.
    func build(dimension: Int, generator: Generator) throws(TorchError) -> any PairLoss

    /// Checks the settings against the data of a run.
    /// - Parameters:
    ///   - pairs: of a batch.
    ///   - classes: of the images; 0 where they have no labels.
    func validate(pairs: Int, classes: Int) throws(InvalidSetting)

    /// What it does with the classes of images.
    var labelUse: LabelUse { get }
}

/// A contrastive objective over the embeddings of paired views.
///
/// A structure where it learns nothing itself; else a `Module`, whose parameters the optimiser then moves too.
public protocol PairLoss {
    /// The loss in nats, a scalar with a gradient.
    /// - Parameters:
    ///   - first: embeddings of one view of each sample, `[N, D]`.
    ///   - second: embeddings of the other, row by row, `[N, D]`.
    ///   - labels: the N classes, -1 where unknown; nil where there are none. Most objectives ignore them.
    func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor

    /// Candidates among which `contrast` picks the positive, for N pairs: log of it minus the contrast bounds the mutual
    /// information from below. Nil where the scores bound nothing.
    func candidates(pairs: Int) -> Int?

    /// The loss that belongs to `candidates`, where it is not the objective itself: InfoNCE of the same scores, without a
    /// gradient.
    func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor?

    /// Itself with the settings that hold where `progress` of the run is done, 0...1; before, those of its beginning hold.
    func at(_ progress: Double) -> Self
}

extension ContrastiveLoss where Self: PairLoss {
    /// Itself: it learns nothing.
    public func build(dimension: Int, generator: Generator) throws(TorchError) -> any PairLoss { self }
}

extension ContrastiveLoss {
    /// Fits all data.
    public func validate(pairs: Int, classes: Int) throws(InvalidSetting) {}

    /// Nothing.
    public var labelUse: LabelUse { .none }
}

extension PairLoss {
    /// The loss of pairs without labels.
    public func callAsFunction(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor {
        try self(first, second, labels: nil)
    }

    /// Nil: the objective itself belongs to its candidates.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? { nil }

    /// Itself: nothing changes over training.
    public func at(_ progress: Double) -> Self { self }
}

/// The losses that a pipeline file can name.
public enum LossFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any ContrastiveLoss>(
        kind: "a loss",
        [
            NTXent.self, InfoNCE.self, CLIPLoss.self, DCL.self, DCLW.self, Debiased.self, HCL.self, SupCon.self,
            HardNegatives.self, FNC.self, AlignmentUniformity.self,
        ])
}

/// Throws unless a temperature is positive and finite.
func requireTemperature(_ value: Course, key: String = "temperature") throws(InvalidSetting) {
    try require(key, value, "positive") { $0 > 0 && $0.isFinite }
}
