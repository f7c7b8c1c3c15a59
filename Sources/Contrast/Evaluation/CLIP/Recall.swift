import Foundation
import Torch

/// How often what belongs to a query is among the k nearest of a gallery: recall@k.
public struct Recall: Codable, Equatable, Sendable {
    /// The share at k = 1.
    public var at1: Double
    /// The share at k = 5.
    public var at5: Double
    /// The share at k = 10.
    public var at10: Double

    private init(_ value: (Int) -> Double) { (at1, at5, at10) = (value(1), value(5), value(10)) }

    /// Of ranks, from 0.
    public init(ranks: [Int]) {
        self.init { k in Double(ranks.count { $0 < k }) / Double(max(ranks.count, 1)) }
    }

    /// What a random order gives on average: of `N` in the gallery, `d` of which are right for a query,
    /// `1 - C(N - d, k) / C(N, k)`, averaged over the queries.
    /// - Parameter groups: for each of the gallery what it shares with the right ones; each is a query too.
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

    /// For each query how many wrong ones of the gallery are at least as near as the nearest right one: a tie counts against it,
    /// so that a collapsed network finds nothing.
    /// - Parameters:
    ///   - queries: `[N, D]`, rows on the unit sphere.
    ///   - gallery: `[N, D]`, row i belonging to query i.
    ///   - groups: N numbers; all rows of the query's group are right.
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
                for place in 0..<count where groups[place] == own { best = max(best, scores[row * count + place]) }
                var rank = 0
                for place in 0..<count where groups[place] != own && scores[row * count + place] >= best { rank += 1 }
                ranks.append(rank)
            }
        }
        return ranks
    }
}
