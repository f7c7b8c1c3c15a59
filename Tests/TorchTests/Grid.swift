import Foundation
import Testing

@testable import Torch

/// An array in float64 with the plainest operations, which libtorch's are compared with.
struct Grid: Sendable {
    var shape: [Int]
    var values: [Double]

    init(_ shape: [Int], _ values: [Double]) {
        self.shape = shape
        self.values = values
    }

    /// Repeatable values in `low..<high` that have nothing in common between streams.
    init(_ shape: [Int], stream: UInt64, from low: Double = -1, to high: Double = 1) {
        var state = stream &* 0x9E37_79B9_7F4A_7C15 &+ 1
        let values = (0..<shape.reduce(1, *)).map { _ -> Double in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return low + (high - low) * Double(state >> 40) / Double(1 << 24)
        }
        self.init(shape, values)
    }

    init(_ tensor: Tensor) throws { self.init(tensor.shape, try tensor.toArray()) }

    func tensor(_ dtype: DType = .float64) throws -> Tensor { try Tensor(values, shape: shape).to(dtype) }

    /// Every index in row-major order.
    static func indices(_ shape: [Int]) -> [[Int]] {
        shape.reduce([[]]) { prefixes, extent in prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } } }
    }

    /// An element; extents of 1, and dimensions that are missing at the front, repeat.
    subscript(index: [Int]) -> Double {
        let own = index.suffix(shape.count)
        let place = zip(own, shape).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
        return values[place]
    }

    /// Element by element, shapes broadcast.
    static func combine(_ a: Grid, _ b: Grid, _ operation: (Double, Double) -> Double) -> Grid {
        let rank = max(a.shape.count, b.shape.count)
        func padded(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: rank - shape.count) + shape }
        let shape = zip(padded(a.shape), padded(b.shape)).map { $0 == 1 ? $1 : $0 }
        return Grid(shape, indices(shape).map { operation(a[$0], b[$0]) })
    }

    func map(_ operation: (Double) -> Double) -> Grid { Grid(shape, values.map(operation)) }

    /// A dimension brought to one number.
    func reduce(_ dim: Int, keepdim: Bool, _ operation: ([Double]) -> Double) -> Grid {
        var outer = shape
        outer[dim] = 1
        let results = Grid.indices(outer).map { index in
            operation(
                (0..<shape[dim]).map { place in
                    var index = index
                    index[dim] = place
                    return self[index]
                })
        }
        if !keepdim { outer.remove(at: dim) }
        return Grid(outer, results)
    }

    /// Rows times columns.
    static func product(_ a: Grid, _ b: Grid) -> Grid {
        let shape = [a.shape[0], b.shape[1]]
        let values = indices(shape).map { index in
            (0..<a.shape[1]).reduce(0.0) { $0 + a[[index[0], $1]] * b[[$1, index[1]]] }
        }
        return Grid(shape, values)
    }
}

/// Compares shape and elements, the difference relative to the largest element.
func expectEqual(
    _ tensor: Tensor, _ wanted: Grid, tolerance: Double = 1e-12, _ note: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(tensor.shape == wanted.shape, note, sourceLocation: sourceLocation)
    let found: [Double] = try tensor.toArray()
    guard found.count == wanted.values.count else { return }
    let scale = wanted.values.reduce(1e-3) { max($0, abs($1)) }
    let largest = zip(found, wanted.values).reduce(0.0) { worst, pair in
        // NaN must not pass for a small difference.
        let difference = abs(pair.0 - pair.1)
        return pair.0 == pair.1 ? worst : difference <= worst ? worst : difference
    }
    #expect(largest <= tolerance * scale, note, sourceLocation: sourceLocation)
}

/// A part of a file's path that is the same on every machine: the folder of this file.
let testFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
