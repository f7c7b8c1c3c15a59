import Foundation
import Torch
import Views

/// The loss of CLIP: Radford et al. 2021, arXiv 2103.00020, figure 3.
///
/// With `S(i, j) = <z1_i, z2_j> e^l`, the mean (not the sum) of the cross entropies of S's rows and of its columns, the
/// diagonal being the targets. `l = log(1 / tau)` is learnt, and held to `1 / tau <= 100` by setting it back before it is
/// used, so that its gradient can still lower it. All rows equal give `log N`.
public struct CLIPLoss: ContrastiveLoss {
    /// `clip`.
    public static let name = "clip"

    /// tau at the beginning; at least 0.01.
    public var temperature = 0.07
    /// Whether tau is learnt.
    public var learnTemperature = true
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.07 at first, on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, normalize: Bool = true) {
        self.temperature = temperature
        self.normalize = normalize
    }

    /// Checks that the temperature is at least 0.01, which is what it is held to.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(Course(temperature))
        guard temperature >= 0.01 else {
            throw InvalidSetting("temperature", "must be at least 0.01, is \(temperature)")
        }
    }

    /// Builds the learnt temperature.
    public func build(dimension: Int, generator: Generator) throws(TorchError) -> any PairLoss {
        try LearnedTemperatureLoss(self)
    }
}

/// The objective of `CLIPLoss`.
final class LearnedTemperatureLoss: PairLoss, Module {
    /// log(1 / tau); the key and meaning of CLIP's own weights.
    let logitScale: Parameter
    private let normalize: Bool

    init(_ settings: CLIPLoss) throws(TorchError) {
        logitScale = try Parameter(.full([], -log(settings.temperature)))
        if !settings.learnTemperature { try logitScale.freeze() }
        normalize = settings.normalize
    }

    func candidates(pairs: Int) -> Int? { pairs }

    func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        var (x, y) = (try first.widened(), try second.widened())
        if normalize { (x, y) = (try x.normalizedRows(), try y.normalizedRows()) }
        let scale = logitScale.value
        try withoutGradients { () throws(TorchError) in
            try scale.copy(from: -(-scale).clamp(min: -log(100)))
        }
        if ProductEntropy.serves(x, y) {
            return try ProductEntropy(scale: 1).ofPairs(x, y, symmetric: true, factor: scale.exp())
        }
        return try crossEntropy(x.matmul(y.transpose(0, 1)) * scale.to(x.dtype).exp(), symmetric: true)
    }
}
