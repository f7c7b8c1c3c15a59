import Torch
import Views

/// How well view pairs can be matched by where light and dark lie alone, without any network.
///
/// A view is described by the mean greys of 4 x 4 cells, their mean taken away and scaled to length 1, so that brightness,
/// contrast and colours say nothing; of the second views the one is taken whose grid, mirrored or not, has the largest inner
/// product. Where that succeeds, views are not moved against each other enough, and an encoder can lower its loss by the
/// place of things (Chen et al. 2020, arXiv 2002.05709, section 3.2: crops are what matters most).
public struct PositionRetrieval {
    /// Cells of a side.
    static let cells = 4
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

    /// Describes both views of some samples, `[count, 3, height, width]` each.
    mutating func add(
        first: UnsafeBufferPointer<Float>, size firstSize: Size, second: UnsafeBufferPointer<Float>,
        size secondSize: Size, count: Int
    ) {
        rows.first += grids(first, count: count, size: firstSize)
        rows.second += grids(second, count: count, size: secondSize)
    }

    /// 1 for each sample whose own second view is the most alike of at most 256, else 0; empty below two samples.
    public func hits() throws(TorchError) -> [Double] {
        let side = PositionRetrieval.cells
        let count = min(256, rows.first.count / (side * side))
        guard count > 1 else { return [] }
        let length = count * side * side
        let first = try Tensor(Array(rows.first[..<length]), shape: [count, side * side])
        let mirror = (0..<side * side).map { Int64($0 / side * side + side - 1 - $0 % side) }
        let mirrored = try first.indexSelect(dim: 1, index: Tensor(mirror, shape: [side * side]))
        let second = try Tensor(Array(rows.second[..<length]), shape: [count, side * side]).transpose(0, 1)
        let (plain, turned) = (try first.matmul(second), try mirrored.matmul(second))
        let alike = try Tensor.where(plain.gt(turned), plain, turned)
        let best: [Int64] = try alike.argmax(dim: 1).toArray()
        let largest: [Double] = try alike.max(dim: 1, keepdim: true).reshape([-1]).to(.float64).toArray()
        // A view without light and dark is like none.
        return best.enumerated().map { $0.offset == Int($0.element) && largest[$0.offset] > 0 ? 1 : 0 }
    }

    private func grids(_ views: UnsafeBufferPointer<Float>, count: Int, size: Size) -> [Float] {
        let side = PositionRetrieval.cells
        // ITU-R BT.601.
        let weights: [Float] = [0.299, 0.587, 0.114]
        // Of large views about 32 x 32 pixels.
        let (across, down) = (max(1, size.width / 32), max(1, size.height / 32))
        var all: [Float] = []
        for sample in 0..<count {
            var sums = [Float](repeating: 0, count: side * side)
            var seen = [Float](repeating: 0, count: side * side)
            for channel in 0..<3 {
                let start = (sample * 3 + channel) * size.area
                for y in Swift.stride(from: 0, to: size.height, by: down) {
                    for x in Swift.stride(from: 0, to: size.width, by: across) {
                        let cell = y * side / size.height * side + x * side / size.width
                        let value = views[start + y * size.width + x] * deviation[channel] + mean[channel]
                        sums[cell] += weights[channel] * value
                        seen[cell] += channel == 0 ? 1 : 0
                    }
                }
            }
            let greys = zip(sums, seen).map { $1 > 0 ? $0 / $1 : 0 }
            let level = greys.reduce(0, +) / Float(greys.count)
            let length = greys.reduce(0) { $0 + ($1 - level) * ($1 - level) }.squareRoot()
            // Below a level of 255 there is nothing but rounding.
            all += greys.map { length > 1 / 255 ? ($0 - level) / length : 0 }
        }
        return all
    }
}
