import Foundation
import Torch

/// InfoNCE as the number of candidates K grows: the mutual-information bound is `log K - loss(K)`.
public enum BoundCurve {
    /// The loss of every anchor with K candidates, nats.
    ///
    /// Pairs are split into groups of K. The second views of a group are the candidates of all its anchors. The last
    /// group overlaps the one before it if N is no multiple of K.
    public static func losses(_ views: UnitViews, candidates: Int, temperature: Double) throws(TorchError) -> [Double] {
        var losses: [Double] = []
        losses.reserveCapacity(views.count)
        let indices = try Tensor.arange(candidates).reshape([candidates, 1])
        while losses.count < views.count {
            let start = min(losses.count, views.count - candidates)
            let first = try views.first.narrow(dim: 0, start: start, length: candidates)
            let second = try views.second.narrow(dim: 0, start: start, length: candidates)
            let scores = try first.matmul(second.transpose(0, 1)) / temperature
            let positives = try scores.gather(dim: 1, index: indices).squeeze(1)
            let group: [Double] = try (scores.logsumexp(dim: 1) - positives).toArray()
            losses += group.dropFirst(losses.count - start)
        }
        return losses
    }

    /// The temperature in 0.001...10 with the smallest loss on at most 512 pairs.
    ///
    /// The mean loss is convex in 1 / tau, so a golden-section search finds the minimum.
    public static func bestTemperature(_ views: UnitViews) throws(TorchError) -> Double {
        let count = min(views.count, 512)
        let first = try views.first.narrow(dim: 0, start: 0, length: count)
        let second = try views.second.narrow(dim: 0, start: 0, length: count)
        let cosines = try first.matmul(second.transpose(0, 1))
        let positives = try cosines.gather(dim: 1, index: Tensor.arange(count).reshape([count, 1])).squeeze(1)
        let golden = (5.0.squareRoot() - 1) / 2
        func loss(_ logarithm: Double) throws(TorchError) -> Double {
            let scale = Foundation.exp(-logarithm)
            return try ((cosines * scale).logsumexp(dim: 1) - positives * scale).mean().item()
        }
        var (low, high) = (Foundation.log(0.001), Foundation.log(10.0))
        var (left, right) = (high - golden * (high - low), low + golden * (high - low))
        var (atLeft, atRight) = (try loss(left), try loss(right))
        while high - low > 0.02 {
            if atLeft < atRight {
                (high, right, atRight) = (right, left, atLeft)
                left = high - golden * (high - low)
                atLeft = try loss(left)
            } else {
                (low, left, atLeft) = (left, right, atRight)
                right = low + golden * (high - low)
                atRight = try loss(right)
            }
        }
        return Foundation.exp((low + high) / 2)
    }
}
