import Foundation
import Torch
import Views

/// How noisy the gradient of InfoNCE is with K negatives: its variance over random draws of them.
///
/// With the anchor `u = z1_i`, its positive `v = z2_i` and K other second views, the gradient with respect to u is `g =
/// (sum_k p_k z2_k + (p_+ - 1) v) / tau`, where p is the softmax over the positive and the K negatives. Over R draws
/// without replacement, `V = sum |g_r - mean g|^2 / (R - 1) / (1 - K / (N - 1))`; the last factor corrects for the
/// finite number of negatives, N - 1. The relative variance is the mean of V over anchors divided by the mean of `|E
/// g|^2`, whose unbiased estimate is `|mean g|^2 - sum |g_r - mean g|^2 / (R - 1) / R`. At 1 the noise is as large as
/// the gradient.
public enum GradientCurve {
    /// The number of anchors, at most 256; fewer with more than 128 dimensions, so that this takes about a second.
    static func anchors(_ views: UnitViews) -> Int { min(views.count, max(32, min(256, 32_768 / views.dimension))) }

    /// K + 1 random indices. An anchor that is among them excludes itself; other anchors exclude the last index.
    static func draw(_ count: Int, negatives: Int, subset: Int, seed: UInt64) -> [Int] {
        var stream = RandomStream(RandomKey(seed: seed, sample: subset, purpose: .curveNegatives, node: negatives))
        return Array(stream.permutation(count).prefix(negatives + 1))
    }

    /// The curve at K = 2, 4, 8... up to half of the pairs; empty with fewer than 8 pairs.
    /// - Parameters:
    ///   - views: the embeddings.
    ///   - temperature: tau, above 0.
    ///   - subsets: R, the number of draws for each K, at least 2.
    ///   - seed: the seed of the draws and of the bootstrap over anchors.
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

    /// V and the estimate of `|E g|^2` of each anchor.
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
            var excluded = [Int64](repeating: Int64(negatives), count: anchors)
            for (column, index) in drawn.enumerated() where index < anchors { excluded[index] = Int64(column) }
            let isExcluded = try columns.eq(Tensor(excluded, shape: [anchors, 1]))
            let others = try views.second.indexSelect(
                dim: 0, index: Tensor(drawn.map(Int64.init), shape: [negatives + 1]))
            let scores = try (first.matmul(others.transpose(0, 1)) / temperature)
                .maskedFill(isExcluded, -Double.infinity)
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
    /// A sentence about the gradient's noise with the fewest and the most negatives; empty if it was not measured.
    var gradientText: String {
        guard let few = gradient.first, let many = gradient.last, gradient.count > 1 else { return "" }
        return " With \(few.negatives) random negatives the gradient's variance is "
            + "\(few.relativeVariance.value.rounded(to: 2)) times its square, with \(many.negatives) "
            + "\(many.relativeVariance.value.rounded(to: 2)) times."
    }
}
