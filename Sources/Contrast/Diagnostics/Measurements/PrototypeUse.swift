import Foundation
import Torch

/// How samples are spread over K prototypes, with jackknife intervals.
public struct PrototypeUse: Equatable, Sendable {
    /// K.
    public let prototypes: Int
    /// The share of prototypes that are some sample's most likely one, of the most that N samples can use, min(K, N).
    public let used: Measured
    /// The share of samples whose most likely prototype is the most frequent one.
    public let largest: Measured
    /// The entropy of the mean distribution in nats; log K if prototypes share the samples equally.
    public let meanEntropy: Measured
    /// The mean entropy of a sample's distribution in nats; 0 if each sample has one prototype.
    public let entropy: Measured
    /// Their difference: what a distribution says about its sample, in nats; 0 if all samples have the same.
    public let information: Measured

    /// The measurements by name.
    var named: [NamedValue] {
        [
            NamedValue("prototypes_in_use", used), NamedValue("largest_prototype", largest),
            NamedValue("mean_assignment_entropy", meanEntropy), NamedValue("assignment_entropy", entropy),
            NamedValue("assignment_information", information),
        ]
    }
}

/// Sums over distributions of samples over prototypes, in ten groups for the jackknife.
struct PrototypeAssignments {
    private static let groups = 10

    private struct Group {
        var rows = 0
        var entropy = 0.0
        /// Sums of shares, and how often each prototype is the most likely one.
        var shares: [Double]
        var counts: [Int]
    }

    private var groups: [Group] = []

    /// Adds distributions `[n, K]`.
    mutating func add(_ distributions: Tensor) throws(TorchError) {
        let (count, width) = (distributions.shape[0], distributions.shape[1])
        let all = try distributions.detach().to(.float32).to(device: .cpu)
        if groups.isEmpty {
            let empty = Group(shares: [Double](repeating: 0, count: width), counts: [Int](repeating: 0, count: width))
            groups = [Group](repeating: empty, count: PrototypeAssignments.groups)
        }
        for index in groups.indices {
            let (start, end) = (index * count / groups.count, (index + 1) * count / groups.count)
            guard end > start else { continue }
            let rows = try all.narrow(dim: 0, start: start, length: end - start).to(.float64)
            let entropies = try -(rows * (rows + 1e-300).log()).sum(dim: 1)
            let sums: [Double] = try rows.sum(dim: 0).toArray()
            groups[index].rows += end - start
            groups[index].entropy += try entropies.sum().item()
            for (place, sum) in sums.enumerated() { groups[index].shares[place] += sum }
            for likely in try rows.argmax(dim: 1).toArray(Int64.self) { groups[index].counts[Int(likely)] += 1 }
        }
    }

    /// The measurements; nil without distributions.
    var use: PrototypeUse? {
        let filled = groups.filter { $0.rows > 0 }
        guard let first = filled.first, filled.count > 1 else { return nil }
        let all = PrototypeAssignments.measure(filled)
        var parts: [[Double]] = []
        for skipped in filled.indices {
            parts.append(PrototypeAssignments.measure(Array(filled[..<skipped] + filled[(skipped + 1)...])))
        }
        let measured = all.indices.map { index in Measured(all[index], without: parts.map { $0[index] }, least: 0) }
        return PrototypeUse(
            prototypes: first.shares.count, used: measured[0], largest: measured[1], meanEntropy: measured[2],
            entropy: measured[3], information: measured[4])
    }

    private static func measure(_ groups: [Group]) -> [Double] {
        let width = groups[0].shares.count
        let rows = groups.reduce(0) { $0 + $1.rows }
        var (used, largest, meanEntropy) = (0, 0, 0.0)
        for place in 0..<width {
            let count = groups.reduce(0) { $0 + $1.counts[place] }
            used += count > 0 ? 1 : 0
            largest = max(largest, count)
            let share = groups.reduce(0) { $0 + $1.shares[place] } / Double(rows)
            if share > 0 { meanEntropy -= share * log(share) }
        }
        let entropy = groups.reduce(0) { $0 + $1.entropy } / Double(rows)
        return [
            Double(used) / Double(min(width, rows)), Double(largest) / Double(rows), meanEntropy, entropy,
            max(0, meanEntropy - entropy),
        ]
    }
}
