import Torch
import Views

/// How well colours alone match view pairs, without a network.
///
/// The features of a view are the square roots of its joint colour histogram (4 x 4 x 4 bins); their inner product is
/// the Bhattacharyya coefficient. A pair matches if its second view has the largest product of all. If many pairs
/// match, an encoder can lower its loss without learning shapes (Chen et al. 2020, arXiv 2002.05709, section 3.2).
public struct ColourRetrieval {
    /// The number of bins of a colour channel.
    private static let bins = 4
    private var rows: (first: [Float], second: [Float]) = ([], [])
    private let mean: [Float]
    private let std: [Float]

    /// Makes an empty collection.
    /// - Parameters:
    ///   - mean: the mean that the pipeline subtracts from each channel, of values in 0...1.
    ///   - std: the standard deviation that it divides by.
    public init(mean: [Double], std: [Double]) {
        self.mean = mean.map(Float.init)
        self.std = std.map(Float.init)
    }

    /// Adds both views of some samples, `[count, 3, area]` each; about a thousand pixels of a large view are used.
    mutating func add(
        first: UnsafeBufferPointer<Float>, area firstArea: Int, second: UnsafeBufferPointer<Float>,
        area secondArea: Int,
        count: Int
    ) {
        rows.first += histograms(first, count: count, area: firstArea)
        rows.second += histograms(second, count: count, area: secondArea)
    }

    /// 1 for each of at most 256 samples that matches, otherwise 0; empty with fewer than two samples.
    public func hits() throws(TorchError) -> [Double] {
        let bins = ColourRetrieval.bins * ColourRetrieval.bins * ColourRetrieval.bins
        let count = min(256, rows.first.count / bins)
        guard count > 1 else { return [] }
        let first = try Tensor(Array(rows.first[..<(count * bins)]), shape: [count, bins])
        let second = try Tensor(Array(rows.second[..<(count * bins)]), shape: [count, bins])
        let best: [Int64] = try first.matmul(second.transpose(0, 1)).argmax(dim: 1).toArray()
        return best.enumerated().map { $0.offset == Int($0.element) ? 1 : 0 }
    }

    private func histograms(_ views: UnsafeBufferPointer<Float>, count: Int, area: Int) -> [Float] {
        let bins = ColourRetrieval.bins
        let pixels = Array(stride(from: 0, to: area, by: max(1, area / 1024)))
        var all: [Float] = []
        for sample in 0..<count {
            var histogram = [Float](repeating: 0, count: bins * bins * bins)
            for pixel in pixels {
                var bin = 0
                for channel in 0..<3 {
                    let value = views[(sample * 3 + channel) * area + pixel] * std[channel] + mean[channel]
                    bin = bin * bins + min(bins - 1, max(0, Int(value * Float(bins))))
                }
                histogram[bin] += 1
            }
            all += histogram.map { ($0 / Float(pixels.count)).squareRoot() }
        }
        return all
    }
}
