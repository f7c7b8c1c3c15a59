import Foundation
import Torch

/// Square scores and the means over them that the estimators share, in the log domain, so that nothing overflows before
/// the value itself does.
struct ScoreMatrix {
    /// `[K, K]`, float32 or wider.
    let all: Tensor
    /// K pairs.
    let count: Int
    /// True on the diagonal.
    private let diagonal: Tensor

    init(_ scores: Tensor, atLeast fewest: Int) throws(TorchError) {
        let shape = scores.shape
        guard shape.count == 2, shape[0] == shape[1], shape[0] >= fewest else {
            throw TorchError(
                operation: "estimate", message: "scores must be square with at least \(fewest) rows, are \(shape)")
        }
        all = try scores.widened()
        count = shape[0]
        diagonal = try Tensor.eye(count, dtype: .bool, device: scores.device)
    }

    /// `f(i, i)`, `[K]`.
    func joint() throws(TorchError) -> Tensor { try all.diagonal() }

    /// `log mean e^f` off the diagonal, a scalar.
    func logMeanMarginal() throws(TorchError) -> Tensor {
        let pairs = Double(count) * Double(count - 1)
        return try others().reshape([count * count]).logsumexp(dim: 0) - log(pairs)
    }

    /// The mean of values off the diagonal, a scalar.
    func meanMarginal(_ values: Tensor) throws(TorchError) -> Tensor {
        try values.maskedFill(diagonal, 0).sum() / (Double(count) * Double(count - 1))
    }

    /// `log mean e^f` of each row without the diagonal, `[K]`.
    func logMeanOthers() throws(TorchError) -> Tensor {
        try others().logsumexp(dim: 1) - log(Double(count - 1))
    }

    /// `log mean_{k != j} e^{f(i, k)}` for each (i, j).
    ///
    /// Sums over the columns before and after j, by doubling, in `K^2 log K` steps. `log(sum - e^f)` would lose all
    /// digits if one score outweighs the row.
    func logMeanWithout() throws(TorchError) -> Tensor {
        let before = try exclusiveScan(all, forward: true)
        let after = try exclusiveScan(all, forward: false)
        return try before.logAddExp(after) - log(Double(count - 1))
    }

    /// The block of the pairs `start ..< start + length`.
    func block(_ start: Int, _ length: Int) throws(TorchError) -> ScoreMatrix {
        try ScoreMatrix(
            all.narrow(dim: 0, start: start, length: length).narrow(dim: 1, start: start, length: length), atLeast: 2)
    }

    private func others() throws(TorchError) -> Tensor { try all.maskedFill(diagonal, -Double.infinity) }

    /// `log sum e^f` of each row over the columns before (or after) each column.
    private func exclusiveScan(_ scores: Tensor, forward: Bool) throws(TorchError) -> Tensor {
        func shifted(_ x: Tensor, _ step: Int) throws(TorchError) -> Tensor {
            // Finite, as the gradient of log-sum-exp over infinities alone is NaN.
            let empty = try Tensor.full([count, step], -1e30, dtype: x.dtype, device: x.device)
            let kept = try x.narrow(dim: 1, start: forward ? 0 : step, length: count - step)
            return try Tensor.cat(forward ? [empty, kept] : [kept, empty], dim: 1)
        }
        var sums = try shifted(scores, 1)
        var step = 1
        while step < count {
            sums = try sums.logAddExp(shifted(sums, step))
            step *= 2
        }
        return sums
    }
}

extension Tensor {
    /// `log(e^a + e^b)`, element by element, with gradients.
    func logAddExp(_ other: Tensor) throws(TorchError) -> Tensor {
        try Tensor.stack([self, other], dim: 0).logsumexp(dim: 0)
    }

    /// `log(1 + e^x)`, element by element.
    func softplus() throws(TorchError) -> Tensor { try logAddExp(.zeros(shape, dtype: dtype, device: device)) }
}
