import Torch
import Views

/// How an estimator's value relates to the mutual information.
public enum EstimatorKind: String, Codable, Sendable {
    /// Its mean over fresh samples is at most the mutual information, for any critic.
    case bound
    /// It can lie above the mutual information.
    case estimate
}

/// An estimator of mutual information, in nats, over a matrix of a critic's scores.
///
/// `f(i, j)` scores x_i with y_j, `[K, K]`: the diagonal has the joint pairs, the `K (K - 1)` other entries are samples
/// of the product of the marginals. Only InfoNCE includes the diagonal in the marginal.
public protocol InformationEstimator: Component {
    /// Whether its value bounds the information from below.
    var kind: EstimatorKind { get }

    /// The fewest pairs of a score matrix.
    var fewestPairs: Int { get }

    /// What is added to the log ratio `log p(x, y) / (p(x) p(y))` to give this estimator's best critic.
    var optimalOffset: Double { get }

    /// Its largest possible value on a matrix of `candidates` pairs; nil without a limit.
    func ceiling(candidates: Int) -> Double?

    /// The value, a scalar with a gradient, in the scores' type, float32 or wider.
    /// - Throws: `TorchError` if the scores are not square or have fewer than `fewestPairs` rows.
    func callAsFunction(_ scores: Tensor) throws(TorchError) -> Tensor

    /// What a critic is trained to raise, a scalar with a gradient.
    func objective(_ scores: Tensor) throws(TorchError) -> Tensor
}

extension InformationEstimator {
    /// 2: each row has one joint pair and one of the marginals.
    public var fewestPairs: Int { 2 }

    /// 0: the best critic is the log ratio, up to what cancels.
    public var optimalOffset: Double { 0 }

    /// No limit.
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
