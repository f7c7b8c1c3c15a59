import Torch
import Views

/// How well the layout of light and dark alone matches view pairs, without a network.
///
/// The features of a view are the mean greys of 4 x 4 cells, centred and scaled to length 1, so that brightness,
/// contrast and colours do not count. A pair matches if its second view, mirrored or not, has the largest inner product
/// of all. If many pairs match, crops differ too little, and an encoder can lower its loss by the positions of objects
/// (Chen et al. 2020, arXiv 2002.05709, section 3.2: crops matter most).
public struct PositionRetrieval {
    /// The number of cells of a side.
    static let cells = 4
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

    /// Adds both views of some samples, `[count, 3, height, width]` each.
    mutating func add(
        first: UnsafeBufferPointer<Float>, size firstSize: Size, second: UnsafeBufferPointer<Float>,
        size secondSize: Size, count: Int
    ) {
        rows.first += grids(first, count: count, size: firstSize)
        rows.second += grids(second, count: count, size: secondSize)
    }

    /// 1 for each of at most 256 samples that matches, otherwise 0; empty with fewer than two samples.
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
        // A uniform view matches nothing.
        return best.enumerated().map { $0.offset == Int($0.element) && largest[$0.offset] > 0 ? 1 : 0 }
    }

    private func grids(_ views: UnsafeBufferPointer<Float>, count: Int, size: Size) -> [Float] {
        let side = PositionRetrieval.cells
        // ITU-R BT.601.
        let weights: [Float] = [0.299, 0.587, 0.114]
        // About 32 x 32 pixels of a large view.
        let (across, down) = (max(1, size.width / 32), max(1, size.height / 32))
        var all: [Float] = []
        for sample in 0..<count {
            var sums = [Float](repeating: 0, count: side * side)
            var pixels = [Float](repeating: 0, count: side * side)
            for channel in 0..<3 {
                let start = (sample * 3 + channel) * size.area
                for y in Swift.stride(from: 0, to: size.height, by: down) {
                    for x in Swift.stride(from: 0, to: size.width, by: across) {
                        let cell = y * side / size.height * side + x * side / size.width
                        let value = views[start + y * size.width + x] * std[channel] + mean[channel]
                        sums[cell] += weights[channel] * value
                        pixels[cell] += channel == 0 ? 1 : 0
                    }
                }
            }
            let greys = zip(sums, pixels).map { $1 > 0 ? $0 / $1 : 0 }
            let mean = greys.reduce(0, +) / Float(greys.count)
            let length = greys.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
            // Differences below one pixel value of 255 are rounding.
            all += greys.map { length > 1 / 255 ? ($0 - mean) / length : 0 }
        }
        return all
    }
}
