import Foundation
import Torch

/// The spectrum of embeddings and the ranks that follow from it, with jackknife intervals.
///
/// A bootstrap repeats rows, which lowers every rank. The jackknife, which omits one group of rows at a time, does not
/// (Quenouille 1956).
public struct Spectrum {
    /// Shares of the centred covariance's eigenvalues, largest first.
    public let shares: [Double]
    /// e to the entropy of the normalised eigenvalues of the centred covariance, in 1...D.
    public let effectiveRank: Measured
    /// `exp(-sum p log p)` of `p = s / sum s + 1e-7`, s the singular values of the uncentred matrix (Garrido et al.
    /// 2023, arXiv 2210.02885).
    public let rankMe: Measured
    /// `(sum l)^2 / sum l^2` over the eigenvalues of the centred covariance.
    public let participation: Measured

    /// Measures rows `[N, D]`, float64; at most 1024 rows of more than 512 dimensions, so that this takes about a
    /// second.
    public init(_ rows: Tensor) throws(TorchError) {
        let shape = rows.shape
        let wide = shape[1] > 512 && shape[0] > 1024
        let rows = wide ? try rows.narrow(dim: 0, start: 0, length: 1024) : rows
        let count = rows.shape[0]
        let groups = min(shape[1], count) > 256 ? 4 : 10
        let all = try Spectrum.measure(rows)
        var parts: [[Double]] = []
        for group in 0..<groups {
            let (start, end) = (group * count / groups, (group + 1) * count / groups)
            let rest = try Tensor.cat(
                [rows.narrow(dim: 0, start: 0, length: start), rows.narrow(dim: 0, start: end, length: count - end)],
                dim: 0)
            parts.append(try Spectrum.measure(rest).ranks)
        }
        let measured = all.ranks.indices.map { index in
            Measured(all.ranks[index], without: parts.map { $0[index] }, least: 1)
        }
        shares = all.shares
        (effectiveRank, rankMe, participation) = (measured[0], measured[1], measured[2])
    }

    private static func measure(_ rows: Tensor) throws(TorchError) -> (ranks: [Double], shares: [Double]) {
        let centred = try eigenvalues(rows - rows.mean(dim: 0, keepdim: true))
        let singular = try eigenvalues(rows).map { $0.squareRoot() }
        let shares = normalised(centred)
        let total = max(singular.reduce(0, +), .leastNormalMagnitude)
        let rankMe = singular.reduce(0.0) { sum, value in
            let p = value / total + 1e-7
            return sum - p * Foundation.log(p)
        }
        let squares = shares.reduce(0) { $0 + $1 * $1 }
        return ([rank(shares), Foundation.exp(rankMe), squares > 0 ? 1 / squares : 1], shares)
    }

    /// The eigenvalues of the smaller of the two products with the transpose, which have the same nonzero ones.
    private static func eigenvalues(_ rows: Tensor) throws(TorchError) -> [Double] {
        let shape = rows.shape
        let other = try rows.transpose(0, 1)
        let product = shape[1] <= shape[0] ? try other.matmul(rows) : try rows.matmul(other)
        return try product.svdvals().toArray()
    }

    private static func normalised(_ values: [Double]) -> [Double] {
        let total = values.reduce(0, +)
        return total > 0 ? values.map { $0 / total } : values
    }

    private static func rank(_ shares: [Double]) -> Double {
        Foundation.exp(shares.reduce(0.0) { $1 > 0 ? $0 - $1 * Foundation.log($1) : $0 })
    }
}
