import Foundation
import Torch

/// Whether samples fall into a few classes: whether the likeness of two samples comes in two heaps.
///
/// The likeness of samples i and j is the correlation of their rows of likeness, so that all the other samples have a say,
/// and what is particular to i or j averages out. Otsu's threshold (1979) cuts the likenesses in two so that the share of
/// their variance between the parts is largest. One normal heap reaches 2/pi = 0.64, a uniform one 0.75, two separate
/// heaps near 1.
public struct ClusterStructure {
    /// The share of variance between the parts, 0...1.
    public let separation: Double
    /// The correlation that separates them.
    public let threshold: Double
    /// For each anchor, at most 512, the share of its negatives in the upper part.
    public let upper: [Double]

    /// Looks at at most 512 anchors against as many second views.
    public init(_ views: UnitViews) throws(TorchError) {
        let count = min(views.count, 512)
        let bins = 128
        let rows = try views.first.narrow(dim: 0, start: 0, length: count)
            .matmul(views.second.narrow(dim: 0, start: 0, length: count).transpose(0, 1))
        // Its own pair would make each row point at itself.
        let others = try rows.maskedFill(Tensor.eye(count, dtype: .bool), 0)
        let unit = try (others - others.mean(dim: 1, keepdim: true)).normalizedRows()
        let likeness: [Double] = try unit.matmul(unit.transpose(0, 1)).toArray()
        var histogram = [Double](repeating: 0, count: bins)
        var low = 1.0
        var high = -1.0
        for index in likeness.indices where index % (count + 1) != 0 {
            low = min(low, likeness[index])
            high = max(high, likeness[index])
        }
        let width = max(high - low, 1e-12) / Double(bins)
        for index in likeness.indices where index % (count + 1) != 0 {
            histogram[min(bins - 1, Int((likeness[index] - low) / width))] += 1
        }
        let total = histogram.reduce(0, +)
        let mean = histogram.indices.reduce(0) { $0 + Double($1) * histogram[$1] } / total
        let variance = histogram.indices.reduce(0) {
            $0 + (Double($1) - mean) * (Double($1) - mean) * histogram[$1]
        }
        var (weight, sum, best, cut) = (0.0, 0.0, 0.0, bins)
        for bin in 0..<bins - 1 {
            weight += histogram[bin]
            sum += Double(bin) * histogram[bin]
            guard weight > 0, weight < total else { continue }
            let difference = sum / weight - (mean * total - sum) / (total - weight)
            let between = weight * (total - weight) / total * difference * difference
            if between > best { (best, cut) = (between, bin + 1) }
        }
        separation = variance > 0 ? best / variance : 0
        let threshold = low + Double(cut) * width
        self.threshold = threshold
        upper = (0..<count).map { anchor in
            var above = 0
            for other in 0..<count where other != anchor && likeness[anchor * count + other] >= threshold { above += 1 }
            return Double(above) / Double(count - 1)
        }
    }
}
