import Torch
import Views

/// How well view pairs can be matched by their colours alone, without any network.
///
/// A view is described by the square roots of its joint colour histogram (4 x 4 x 4 bins), whose inner product is the
/// Bhattacharyya coefficient; of the second views the most alike is taken. Where that succeeds, an encoder can lower its
/// loss without learning shapes (Chen et al. 2020, arXiv 2002.05709, section 3.2).
public struct ColourRetrieval {
    /// Bins of a colour channel.
    private static let levels = 4
    private var rows: (first: [Float], second: [Float]) = ([], [])
    private let mean: [Float]
    private let deviation: [Float]

    /// Makes an empty description.
    /// - Parameters:
    ///   - mean: what the pipeline takes off each channel, of values in 0...1.
    ///   - deviation: what it then divides by.
    public init(mean: [Double], deviation: [Double]) {
        self.mean = mean.map(Float.init)
        self.deviation = deviation.map(Float.init)
    }

    /// Describes both views of some samples, `[count, 3, area]` each; of large views about a thousand pixels.
    mutating func add(
        first: UnsafeBufferPointer<Float>, area firstArea: Int, second: UnsafeBufferPointer<Float>,
        area secondArea: Int,
        count: Int
    ) {
        rows.first += histograms(first, count: count, area: firstArea)
        rows.second += histograms(second, count: count, area: secondArea)
    }

    /// 1 for each sample whose own second view is the most alike of at most 256, else 0; empty below two samples.
    public func hits() throws(TorchError) -> [Double] {
        let bins = ColourRetrieval.levels * ColourRetrieval.levels * ColourRetrieval.levels
        let count = min(256, rows.first.count / bins)
        guard count > 1 else { return [] }
        let first = try Tensor(Array(rows.first[..<(count * bins)]), shape: [count, bins])
        let second = try Tensor(Array(rows.second[..<(count * bins)]), shape: [count, bins])
        let best: [Int64] = try first.matmul(second.transpose(0, 1)).argmax(dim: 1).toArray()
        return best.enumerated().map { $0.offset == Int($0.element) ? 1 : 0 }
    }

    private func histograms(_ views: UnsafeBufferPointer<Float>, count: Int, area: Int) -> [Float] {
        let levels = ColourRetrieval.levels
        let stride = max(1, area / 1024)
        var all: [Float] = []
        for sample in 0..<count {
            var histogram = [Float](repeating: 0, count: levels * levels * levels)
            var pixel = 0
            var seen: Float = 0
            while pixel < area {
                var bin = 0
                for channel in 0..<3 {
                    let value = views[(sample * 3 + channel) * area + pixel] * deviation[channel] + mean[channel]
                    bin = bin * levels + min(levels - 1, max(0, Int(value * Float(levels))))
                }
                histogram[bin] += 1
                seen += 1
                pixel += stride
            }
            all += histogram.map { ($0 / seen).squareRoot() }
        }
        return all
    }
}
