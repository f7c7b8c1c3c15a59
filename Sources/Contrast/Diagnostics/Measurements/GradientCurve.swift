import Foundation
import Torch
import Views

/// How noisy the gradient of InfoNCE is with K negatives: its variance over random draws of them.
///
/// Of an anchor `u = z1_i`, `v = z2_i` and K of the others' second views, the gradient with respect to u is
/// `g = (sum_k p_k z2_k + (p_+ - 1) v) / tau`, p the softmax over the positive and the K. Over R draws without replacement,
/// `V = sum |g_r - mean g|^2 / (R - 1) / (1 - K / (N - 1))`: the last factor makes up for draws from N - 1 that are all
/// there are. The relative variance is the mean of V over anchors by the mean of `|E g|^2`, estimated without bias by
/// `|mean g|^2 - sum |g_r - mean g|^2 / (R - 1) / R`. At 1 the noise is as large as the gradient.
public enum GradientCurve {
    /// Anchors looked at; fewer of more than 128 dimensions, so that it stays a matter of a second.
    static func anchors(_ views: UnitViews) -> Int { min(views.count, max(32, min(256, 32_768 / views.dimension))) }

    /// The draw of K + 1 places, of which an anchor that is among them leaves itself out, and others the last.
    static func draw(_ count: Int, negatives: Int, subset: Int, seed: UInt64) -> [Int] {
        var stream = RandomStream(RandomKey(seed: seed, sample: subset, purpose: .curveNegatives, node: negatives))
        return Array(stream.permutation(count).prefix(negatives + 1))
    }

    /// The curve at K = 2, 4, 8... up to half of the pairs; empty below 8.
    /// - Parameters:
    ///   - views: the embeddings.
    ///   - temperature: tau, above 0.
    ///   - subsets: R, the draws of each K, at least 2.
    ///   - seed: of the draws and the intervals, which are over anchors.
    public static func points(
        _ views: UnitViews, temperature: Double, subsets: Int = 8, seed: UInt64
    ) throws(TorchError) -> [Evidence.GradientPoint] {
        let anchors = GradientCurve.anchors(views)
        let bootstrap = try Bootstrap(count: anchors, seed: seed)
        var points: [Evidence.GradientPoint] = []
        var negatives = 2
        while negatives <= views.count / 2 && views.count >= 8 {
            let (variance, square) = try moments(
                views, anchors: anchors, negatives: negatives, temperature: temperature, subsets: subsets, seed: seed)
            let mean = max(square.reduce(0, +) / Double(anchors), .leastNormalMagnitude)
            points.append(
                Evidence.GradientPoint(
                    negatives: negatives, relativeVariance: try bootstrap.mean(variance.map { $0 / mean })))
            negatives *= 2
        }
        return points
    }

    /// Of each anchor V and the estimate of `|E g|^2`.
    private static func moments(
        _ views: UnitViews, anchors: Int, negatives: Int, temperature: Double, subsets: Int, seed: UInt64
    ) throws(TorchError) -> (variance: [Double], square: [Double]) {
        let first = try views.first.narrow(dim: 0, start: 0, length: anchors)
        let own = try views.second.narrow(dim: 0, start: 0, length: anchors)
        let positive = try (first * own).sum(dim: 1, keepdim: true) / temperature
        let columns = try Tensor.arange(negatives + 1).reshape([1, negatives + 1])
        var sum = try Tensor.zeros(first.shape, dtype: .float64)
        var squares = try Tensor.zeros([anchors], dtype: .float64)
        for subset in 0..<subsets {
            let drawn = draw(views.count, negatives: negatives, subset: subset, seed: seed)
            var left = [Int64](repeating: Int64(negatives), count: anchors)
            for (column, place) in drawn.enumerated() where place < anchors { left[place] = Int64(column) }
            let out = try columns.eq(Tensor(left, shape: [anchors, 1]))
            let others = try views.second.indexSelect(
                dim: 0, index: Tensor(drawn.map(Int64.init), shape: [negatives + 1]))
            let scores = try (first.matmul(others.transpose(0, 1)) / temperature).maskedFill(out, -Double.infinity)
            let weights = try Tensor.cat([positive, scores], dim: 1).softmax(dim: 1)
            let attraction = try (weights.narrow(dim: 1, start: 0, length: 1) - 1) * own
            let repulsion = try weights.narrow(dim: 1, start: 1, length: negatives + 1).matmul(others)
            let gradient = try (attraction + repulsion) / temperature
            sum = try sum + gradient
            squares = try squares + gradient.pow(2).sum(dim: 1)
        }
        let draws = Double(subsets)
        let means = try (sum / draws).pow(2).sum(dim: 1)
        let variance = try ((squares - means * draws) / (draws - 1)).clamp(min: 0)
        let all = 1 - Double(negatives) / Double(views.count - 1)
        return (try (variance / all).toArray(), try (means - variance / draws).toArray())
    }
}

extension Evidence {
    /// The gradient's noise at the fewest and the most negatives, in a sentence; empty where it was not measured.
    var gradientWords: String {
        guard let few = gradient.first, let many = gradient.last, gradient.count > 1 else { return "" }
        return " The gradient's variance over draws of \(few.negatives) negatives is "
            + "\(few.relativeVariance.value.rounded(to: 2)) times its square, of \(many.negatives) still "
            + "\(many.relativeVariance.value.rounded(to: 2))."
    }
}
