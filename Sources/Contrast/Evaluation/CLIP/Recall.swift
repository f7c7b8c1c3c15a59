import Foundation
import Torch

/// Recall@k: the share of queries with a correct item among the k nearest of a gallery.
public struct Recall: Codable, Equatable, Sendable {
    /// Recall at k = 1.
    public var at1: Double
    /// Recall at k = 5.
    public var at5: Double
    /// Recall at k = 10.
    public var at10: Double

    private init(_ value: (Int) -> Double) { (at1, at5, at10) = (value(1), value(5), value(10)) }

    /// Recall of the queries' ranks, which begin at 0.
    public init(ranks: [Int]) {
        self.init { k in Double(ranks.count { $0 < k }) / Double(max(ranks.count, 1)) }
    }

    /// The mean recall of a random order: with N items, d of which are correct for a query,
    /// `1 - C(N - d, k) / C(N, k)`, averaged over the queries.
    /// - Parameter groups: the group of each item and of the query that belongs to it; items of a query's group are
    ///   correct.
    public init(chanceAmong groups: [Int]) {
        var sizes: [Int: Int] = [:]
        for group in groups { sizes[group, default: 0] += 1 }
        let total = groups.count
        self.init { k in
            let hits = sizes.values.reduce(0.0) { sum, right in
                let misses = (0..<min(k, total)).reduce(1.0) {
                    $0 * max(0, Double(total - right - $1)) / Double(total - $1)
                }
                return sum + Double(right) * (1 - misses)
            }
            return hits / Double(max(total, 1))
        }
    }

    /// The rank of each query: how many wrong items are at least as close as the closest correct one. Ties count as
    /// wrong, so that a collapsed network has recall 0.
    /// - Parameters:
    ///   - queries: `[N, D]`, rows on the unit sphere.
    ///   - gallery: `[N, D]`; row i belongs to query i.
    ///   - groups: N groups; all rows of the query's group are correct.
    public static func ranks(queries: Tensor, gallery: Tensor, groups: [Int]) throws(TorchError) -> [Int] {
        let count = groups.count
        // 64 MiB of similarities at a time.
        let block = max(1, (1 << 24) / max(count, 1))
        var ranks: [Int] = []
        ranks.reserveCapacity(count)
        let columns = try gallery.transpose(0, 1)
        for start in stride(from: 0, to: count, by: block) {
            let rows = min(block, count - start)
            let scores: [Float] = try queries.narrow(dim: 0, start: start, length: rows).matmul(columns).toArray()
            for row in 0..<rows {
                let own = groups[start + row]
                var best = -Float.infinity
                for item in 0..<count where groups[item] == own { best = max(best, scores[row * count + item]) }
                var rank = 0
                for item in 0..<count where groups[item] != own && scores[row * count + item] >= best { rank += 1 }
                ranks.append(rank)
            }
        }
        return ranks
    }
}
