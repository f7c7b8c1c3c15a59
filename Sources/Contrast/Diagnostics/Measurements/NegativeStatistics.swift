import Foundation
import Torch

/// What each first view sees among the second views of the other samples, its negatives, at a temperature.
///
/// With `s(i, j) = <z1_i, z2_j> / tau`: one number an anchor in each field. The loss is InfoNCE with N candidates
/// (van den Oord et al. 2018, arXiv 1807.03748), `-s(i, i) + log sum_j e^{s(i, j)}`.
public struct NegativeStatistics {
    /// tau.
    public var temperature: Double
    /// The cosine of the pair.
    public var positive: [Double] = []
    /// The loss in nats.
    public var loss: [Double] = []
    /// The share of negatives less similar than the positive, ties half: 0.5 by chance.
    public var rank: [Double] = []
    /// The effective number of negatives: e to the entropy of the softmax over the negatives, in 1...N-1.
    public var effective: [Double] = []
    /// The share of the softmax over the negatives on the hardest 1% of them.
    public var hardest: [Double] = []
    /// The mean cosine of the negatives.
    public var mean: [Double] = []
    /// The deviation of the negatives' cosines.
    public var deviation: [Double] = []
    /// The share of the softmax over the negatives on those of the anchor's class; empty without labels.
    public var sameClass: [Double] = []
    /// The share of the softmax over the negatives on those that have a class; empty without labels.
    public var labelled: [Double] = []

    /// Measures all anchors; `[block, N]` scores at a time bound the memory.
    public init(_ views: UnitViews, temperature: Double, block: Int = 512) throws(TorchError) {
        self.temperature = temperature
        let count = views.count
        let columns = try Tensor.arange(count).reshape([1, count])
        let negatives = Double(count - 1)
        let hard = max(1, Int((0.01 * negatives).rounded()))
        let classes = try views.labels.map { labels throws(TorchError) in
            try Tensor(labels.map(Int64.init), shape: [1, count])
        }
        for start in stride(from: 0, to: count, by: block) {
            let length = min(block, count - start)
            let anchors = try views.first.narrow(dim: 0, start: start, length: length)
            let places = try columns.narrow(dim: 1, start: start, length: length).reshape([length, 1])
            let itself = try columns.eq(places)
            let cosines = try anchors.matmul(views.second.transpose(0, 1))
            let positive = try cosines.gather(dim: 1, index: places)
            let others = try cosines.maskedFill(itself, 0)
            let scores = try cosines / temperature
            let all = try scores.logsumexp(dim: 1, keepdim: true)
            loss += try (all - positive / temperature).reshape([-1]).toArray()
            self.positive += try positive.reshape([-1]).toArray()
            let weights = try scores.maskedFill(itself, -Double.infinity).softmax(dim: 1)
            // H = log sum e^s - sum w s, the largest score taken off first for the sake of digits.
            let shifted = try (scores - scores.maskedFill(itself, -Double.infinity).max(dim: 1, keepdim: true))
                .maskedFill(itself, -Double.infinity)
            let entropy =
                try shifted.logsumexp(dim: 1)
                - (weights * shifted.maskedFill(itself, 0)).sum(dim: 1)
            effective += try entropy.exp().toArray()
            hardest += try weights.topk(hard, dim: 1).values.sum(dim: 1).toArray()
            let mean = try others.sum(dim: 1) / negatives
            self.mean += try mean.toArray()
            deviation += try (others.pow(2).sum(dim: 1) / negatives - mean.pow(2)).clamp(min: 0).sqrt().toArray()
            let below = try positive.gt(cosines).to(.float64).sum(dim: 1)
            let equal = try positive.eq(cosines).to(.float64).sum(dim: 1) - 1
            rank += try ((below + equal / 2) / negatives).toArray()
            if let classes {
                let own = try classes.narrow(dim: 1, start: start, length: length).reshape([length, 1])
                // Samples without a class share none.
                let known = try own.gt(Tensor.full([1, 1], -1, dtype: .int64))
                let same = try classes.eq(own).to(.float64) * known.to(.float64)
                sameClass += try (weights * same).sum(dim: 1).toArray()
                let others = try classes.gt(Tensor.full([1, 1], -1, dtype: .int64)).to(.float64)
                labelled += try (weights * others).sum(dim: 1).toArray()
            }
        }
    }
}
