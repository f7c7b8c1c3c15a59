import Foundation
import Torch

/// Statistics of the scores `s(i, j) = <z1_i, z2_j> / tau` of each first view, the anchor, with all second views: its
/// positive and the negatives. Each field has one value for each anchor.
public struct NegativeStatistics {
    /// tau.
    public var temperature: Double
    /// The cosine of the positive.
    public var positive: [Double] = []
    /// InfoNCE with N candidates in nats, `-s(i, i) + log sum_j e^{s(i, j)}` (van den Oord et al. 2018, arXiv
    /// 1807.03748).
    public var loss: [Double] = []
    /// The share of negatives that are less similar than the positive, ties counted half; chance is 0.5.
    public var rank: [Double] = []
    /// The effective number of negatives: e to the entropy of the softmax over the negatives, in 1...N-1.
    public var effective: [Double] = []
    /// The share of the softmax over the negatives that the hardest 1% have.
    public var hardest: [Double] = []
    /// The mean cosine of the negatives.
    public var mean: [Double] = []
    /// The standard deviation of the negatives' cosines.
    public var std: [Double] = []
    /// The share of the softmax over the negatives that the anchor's class has; empty without labels.
    public var sameClass: [Double] = []
    /// The share of the softmax over the negatives that samples with a class have; empty without labels.
    public var labelled: [Double] = []

    /// Measures all anchors, `[block, N]` scores at a time.
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
            let indices = try columns.narrow(dim: 1, start: start, length: length).reshape([length, 1])
            let isSelf = try columns.eq(indices)
            let cosines = try anchors.matmul(views.second.transpose(0, 1))
            let positive = try cosines.gather(dim: 1, index: indices)
            let others = try cosines.maskedFill(isSelf, 0)
            let scores = try cosines / temperature
            let all = try scores.logsumexp(dim: 1, keepdim: true)
            loss += try (all - positive / temperature).reshape([-1]).toArray()
            self.positive += try positive.reshape([-1]).toArray()
            let weights = try scores.maskedFill(isSelf, -Double.infinity).softmax(dim: 1)
            // H = log sum e^s - sum w s, with the largest score subtracted first for precision.
            let shifted = try (scores - scores.maskedFill(isSelf, -Double.infinity).max(dim: 1, keepdim: true))
                .maskedFill(isSelf, -Double.infinity)
            let entropy =
                try shifted.logsumexp(dim: 1)
                - (weights * shifted.maskedFill(isSelf, 0)).sum(dim: 1)
            effective += try entropy.exp().toArray()
            hardest += try weights.topk(hard, dim: 1).values.sum(dim: 1).toArray()
            let mean = try others.sum(dim: 1) / negatives
            self.mean += try mean.toArray()
            std += try (others.pow(2).sum(dim: 1) / negatives - mean.pow(2)).clamp(min: 0).sqrt().toArray()
            let below = try positive.gt(cosines).to(.float64).sum(dim: 1)
            let equal = try positive.eq(cosines).to(.float64).sum(dim: 1) - 1
            rank += try ((below + equal / 2) / negatives).toArray()
            if let classes {
                let own = try classes.narrow(dim: 1, start: start, length: length).reshape([length, 1])
                // Samples without a class share no class.
                let known = try own.gt(Tensor.full([1, 1], -1, dtype: .int64))
                let same = try classes.eq(own).to(.float64) * known.to(.float64)
                sameClass += try (weights * same).sum(dim: 1).toArray()
                let others = try classes.gt(Tensor.full([1, 1], -1, dtype: .int64)).to(.float64)
                labelled += try (weights * others).sum(dim: 1).toArray()
            }
        }
    }
}
