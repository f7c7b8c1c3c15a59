import Foundation
import Torch

/// Multinomial logistic regression on frozen features, trained to convergence.
///
/// Minimises `1/2 |W|^2 + C * sum_i -log softmax(W x_i + b)[y_i]`, the intercept unpenalised, on features that are
/// standardised with the training rows' mean and population deviation (constant features are only centred). Equals
/// scikit-learn's `LogisticRegression(C)` behind a `StandardScaler`.
public struct LinearProbe {
    /// Weights on standardised features and the intercept, `[classes, D + 1]`, float64, as all here on the features' device.
    public let weights: Tensor
    /// The training rows' mean, `[D]`, float64.
    public let mean: Tensor
    /// The training rows' deviation, 1 where a feature is constant, `[D]`, float64.
    public let deviation: Tensor
    /// The objective at the weights.
    public let objective: Double
    /// Steps of L-BFGS taken.
    public let iterations: Int
    /// Whether the largest entry of the gradient fell to 1e-6 * C * rows.
    public let converged: Bool

    /// Fits a probe.
    /// - Parameters:
    ///   - features: `[N, D]`, any floating type.
    ///   - labels: N classes in `0..<classes`.
    ///   - classes: at least 2.
    ///   - cost: C, the weight of the data against the penalty.
    ///   - maximumIterations: steps of L-BFGS at most; `steps(classes:)` where nil.
    ///   - progress: told the steps taken so far.
    public init(
        features: Tensor, labels: [Int], classes: Int, cost: Double, maximumIterations: Int? = nil,
        progress: (Int) -> Void = { _ in }
    ) throws(TorchError) {
        let device = features.device
        let rows = try features.detach().to(.float64)
        mean = try rows.mean(dim: 0)
        let spread = try (rows - mean).pow(2).mean(dim: 0).sqrt()
        // Rounding leaves a constant column a deviation near its magnitude's last bit, not always 0.
        let noise = try mean.abs() * 1e-12 + 1e-30
        deviation = try Tensor.where(
            spread.gt(noise), spread, Tensor.ones(spread.shape, dtype: .float64, device: device))
        let regression = try LogisticRegression(
            inputs: LinearProbe.inputs(rows, mean, deviation), labels: labels, classes: classes, cost: cost)
        let search = LBFGS(
            history: LinearProbe.history(weights: classes * (rows.shape[1] + 1)),
            maximumIterations: maximumIterations ?? LinearProbe.steps(classes: classes),
            gradientTolerance: 1e-6 * cost * Double(labels.count))
        let minimum = try regression.minimise(by: search, progress: progress)
        weights = try regression.matrix(minimum.point)
        objective = minimum.value
        iterations = minimum.iterations
        converged = minimum.converged
    }

    /// Steps at most: 2000, which ends far beyond convergence; of more than 4096 classes 100, for a step passes over as many
    /// logits as images times classes, seconds each with 22,000 of both. A report says where a probe has not converged.
    static func steps(classes: Int) -> Int { classes > 4096 ? 100 : 2000 }

    /// The pairs that L-BFGS remembers: 10, and of more than 6.7 million weights so many as fit a GiB, but three at least.
    static func history(weights: Int) -> Int { max(3, min(10, (1 << 26) / max(weights, 1))) }

    /// The classes of each row from most to least probable, the first `count` of them.
    public func ranking(_ features: Tensor, count: Int = 5) throws(TorchError) -> [[Int]] {
        let best = min(count, weights.shape[0])
        let columns = try weights.transpose(0, 1)
        var ranking: [[Int]] = []
        // Blocks bound the memory of the logits.
        let block = LogisticRegression.block(classes: weights.shape[0], on: mean.device)
        for start in stride(from: 0, to: features.shape[0], by: block) {
            let part = try features.detach()
                .narrow(dim: 0, start: start, length: min(block, features.shape[0] - start))
            let inputs = try LinearProbe.inputs(part.to(device: mean.device).to(.float64), mean, deviation)
            let indices: [Int64] = try inputs.matmul(columns).topk(best, dim: 1).indices.toArray()
            ranking += stride(from: 0, to: indices.count, by: best)
                .map { row in indices[row..<row + best].map { Int($0) } }
        }
        return ranking
    }

    private static func inputs(_ rows: Tensor, _ mean: Tensor, _ deviation: Tensor) throws(TorchError) -> Tensor {
        let standardised = try (rows - mean) / deviation
        let ones = try Tensor.ones([rows.shape[0], 1], dtype: .float64, device: rows.device)
        return try Tensor.cat([standardised, ones], dim: 1)
    }
}
