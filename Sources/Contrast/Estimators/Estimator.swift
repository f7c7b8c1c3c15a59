import Torch
import Views

/// What an estimator's value is worth.
public enum EstimatorKind: String, Codable, Sendable {
    /// Its mean over fresh samples is at most the mutual information, whatever the critic.
    case bound
    /// It can lie above the mutual information.
    case estimate
}

/// An estimator of mutual information, in nats, over a matrix of a critic's scores.
///
/// `f(i, j)` scores x_i with y_j, `[K, K]`: the diagonal has the joint pairs, the `K (K - 1)` other places stand for the
/// product of the marginals. The diagonal is left out of the marginal everywhere but in InfoNCE.
public protocol InformationEstimator: Component {
    /// Whether its value bounds the information from below.
    var kind: EstimatorKind { get }

    /// The fewest pairs of a score matrix.
    var fewestPairs: Int { get }

    /// What is added to the log ratio `log p(x, y) / (p(x) p(y))` to give this estimator's best critic.
    var optimalOffset: Double { get }

    /// The most that it can give on a matrix of `candidates` pairs, whatever the scores; nil where nothing limits it.
    func ceiling(candidates: Int) -> Double?

    /// The value, a scalar with a gradient, in the scores' type, float32 or wider.
    /// - Throws: `TorchError` where the scores are not square or have fewer than `fewestPairs` rows.
    func callAsFunction(_ scores: Tensor) throws(TorchError) -> Tensor

    /// What a critic is trained to raise, a scalar with a gradient.
    func objective(_ scores: Tensor) throws(TorchError) -> Tensor
}

extension InformationEstimator {
    /// 2: one joint pair and one of the marginals in each row.
    public var fewestPairs: Int { 2 }

    /// 0: the best critic is the log ratio, or the log ratio up to what cancels.
    public var optimalOffset: Double { 0 }

    /// Nil.
    public func ceiling(candidates: Int) -> Double? { nil }

    /// The value itself.
    public func objective(_ scores: Tensor) throws(TorchError) -> Tensor { try self(scores) }

    /// The name in files and on the command line.
    public var name: String { Self.name }
}

/// The estimators that can be named.
public enum EstimatorFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any InformationEstimator>(
        kind: "an estimator",
        [
            InfoNCEBound.self, NWJBound.self, TUBABound.self, DonskerVaradhan.self, JSBound.self,
            InterpolatedBound.self, SMILE.self,
        ])

    /// Every estimator with its defaults.
    public static var all: [any InformationEstimator] {
        registry.types.compactMap { $0.init() as? any InformationEstimator }
    }
}
