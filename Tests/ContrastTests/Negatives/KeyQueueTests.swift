import Testing
import Torch

@testable import Contrast

@Suite("Queue of keys")
struct KeyQueueTests {
    /// Rows `[first, first]`, `[first + 1, first + 1]`, ...
    private func rows(_ first: Int, _ count: Int) throws -> Tensor {
        try Tensor((0..<count).flatMap { [Double(first + $0), Double(first + $0)] }, shape: [count, 2]).to(.float32)
    }

    private func numbers(_ rows: Tensor) throws -> [Int] {
        let values: [Double] = try rows.toArray()
        return stride(from: 0, to: values.count, by: 2).map { Int(values[$0]) }
    }

    private func queue(_ size: Int) throws -> KeyQueue {
        try KeyQueue(size: size, dimension: 2, generator: Generator(seed: 1))
    }

    @Test("What came first goes first", arguments: [4, 5, 7, 8, 12], [1, 3, 4]) func firstInFirstOut(
        size: Int, batch: Int
    )
        throws
    {
        let queue = try queue(size)
        var all: [Int] = []
        for step in 0..<9 {
            try queue.append(rows(100 + step * batch, batch))
            all += (0..<batch).map { 100 + step * batch + $0 }
            let kept = all.suffix(size)
            let found = try numbers(queue.keys.value)
            #expect(Set(found).isSuperset(of: kept))
            // A key stays in its place until it is overwritten.
            for (place, key) in all.enumerated().suffix(size) { #expect(found[place % size] == key) }
            for count in [1, size / 2, size] where count <= all.count {
                #expect(try numbers(queue.newest(count)).sorted() == Array(all.suffix(count)))
            }
        }
    }

    @Test func ofMoreThanItHoldsItKeepsTheLast() throws {
        let queue = try queue(3)
        try queue.append(rows(10, 2))
        try queue.append(rows(20, 8))
        #expect(try numbers(queue.keys.value).sorted() == [25, 26, 27])
        try queue.append(rows(30, 1))
        #expect(try numbers(queue.newest(3)).sorted() == [26, 27, 30])
    }

    @Test func beginsWithUnitVectorsAndHandsOutCopies() throws {
        let queue = try queue(16)
        let lengths: [Double] = try queue.keys.value.norm(dim: 1).toArray()
        #expect(lengths.allSatisfy { abs($0 - 1) < 1e-6 })
        for count in [5, 16] {
            let copy = try queue.newest(count)
            let before: [Float] = try copy.toArray()
            try queue.append(rows(1, 16))
            #expect(try copy.toArray(Float.self) == before)
        }
        #expect(queue.stateDict.keys.sorted() == ["keys", "next"])
    }
}
