import Foundation
import Torch

/// Multinomial logistic regression on frozen features, trained to convergence.
///
/// It minimises `1/2 |W|^2 + C * sum_i -log softmax(W x_i + b)[y_i]`, without a penalty on the intercept. Features are
/// standardised with the training rows' mean and population standard deviation; constant features are only centred. It
/// equals scikit-learn's `LogisticRegression(C)` after a `StandardScaler`.
public struct LinearProbe {
    /// Weights of standardised features and the intercept, `[classes, D + 1]`, float64, on the features' device.
    public let weights: Tensor
    /// The standardisation of the features.
    public let scaling: FeatureScaling
    /// The objective at the weights.
    public let objective: Double
    /// The number of L-BFGS steps.
    public let iterations: Int
    /// Whether the largest entry of the gradient is at most 1e-6 * C * rows.
    public let converged: Bool

    /// Fits a probe.
    /// - Parameters:
    ///   - features: `[N, D]`, any floating type.
    ///   - labels: N classes in `0..<classes`.
    ///   - classes: at least 2.
    ///   - cost: C, the weight of the data against the penalty.
    ///   - maximumIterations: the largest number of L-BFGS steps; nil for `steps(classes:)`.
    ///   - progress: called with the number of evaluations done.
    public init(
        features: Tensor, labels: [Int], classes: Int, cost: Double, maximumIterations: Int? = nil,
        progress: (Int) -> Void = { _ in }
    ) throws(TorchError) {
        scaling = try FeatureScaling(features)
        let regression = try LogisticRegression(
            inputs: LinearProbe.inputs(scaling(features)), labels: labels, classes: classes, cost: cost)
        let search = LBFGS(
            history: LinearProbe.history(weights: classes * (features.shape[1] + 1)),
            maximumIterations: maximumIterations ?? LinearProbe.steps(classes: classes),
            gradientTolerance: 1e-6 * cost * Double(labels.count))
        let minimum = try regression.minimise(by: search, progress: progress)
        weights = try regression.matrix(minimum.point)
        objective = minimum.value
        iterations = minimum.iterations
        converged = minimum.converged
    }

    /// The largest number of steps: 2000, far beyond convergence, or 100 with more than 4096 classes, as a step
    /// computes images times classes logits, which takes seconds with 22,000 of both. Reports say if a probe has not
    /// converged.
    static func steps(classes: Int) -> Int { classes > 4096 ? 100 : 2000 }

    /// The number of pairs that L-BFGS keeps: 10, or with more than 6.7 million weights as many as 1 GiB holds, but at
    /// least 3.
    static func history(weights: Int) -> Int { max(3, min(10, (1 << 26) / max(weights, 1))) }

    /// The `count` most probable classes of each row, in descending order.
    public func ranking(_ features: Tensor, count: Int = 5) throws(TorchError) -> [[Int]] {
        let best = min(count, weights.shape[0])
        let columns = try weights.transpose(0, 1)
        var ranking: [[Int]] = []
        // Blocks limit the memory of the logits.
        let block = LogisticRegression.block(classes: weights.shape[0], on: scaling.mean.device)
        for start in stride(from: 0, to: features.shape[0], by: block) {
            let part = try features.narrow(dim: 0, start: start, length: min(block, features.shape[0] - start))
            let inputs = try LinearProbe.inputs(scaling(part))
            let indices: [Int64] = try inputs.matmul(columns).topk(best, dim: 1).indices.toArray()
            ranking += stride(from: 0, to: indices.count, by: best)
                .map { row in indices[row..<row + best].map { Int($0) } }
        }
        return ranking
    }

    private static func inputs(_ rows: Tensor) throws(TorchError) -> Tensor {
        try Tensor.cat([rows, Tensor.ones([rows.shape[0], 1], dtype: .float64, device: rows.device)], dim: 1)
    }
}
