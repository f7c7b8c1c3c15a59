import Testing

@testable import Torch

@Suite("Shapes")
struct ShapeTests {
    private let grid = Grid([2, 3, 4], stream: 21)

    @Test func rearranges() throws {
        let tensor = try grid.tensor()
        try expectEqual(tensor.reshape([6, -1]), Grid([6, 4], grid.values))
        let swapped = Grid([2, 4, 3], Grid.indices([2, 4, 3]).map { grid[[$0[0], $0[2], $0[1]]] })
        try expectEqual(tensor.transpose(1, 2), swapped)
        try expectEqual(tensor.transpose(-1, -2).contiguous(), swapped)
        try expectEqual(tensor.unsqueeze(1), Grid([2, 1, 3, 4], grid.values))
        try expectEqual(tensor.unsqueeze(1).squeeze(1), grid)
        #expect(throws: TorchError.self) { try tensor.reshape([5, 5]) }
    }

    @Test func partsShareMemory() throws {
        let tensor = try grid.tensor()
        let part = try tensor.narrow(dim: 1, start: 1, length: 2)
        try expectEqual(part, Grid([2, 2, 4], Grid.indices([2, 2, 4]).map { grid[[$0[0], $0[1] + 1, $0[2]]] }))
        try part.copy(from: Tensor.zeros([1], dtype: .float64))
        #expect(try tensor.abs().sum(dim: 2).toArray(Double.self).filter { $0 == 0 }.count == 4)
        let chunks = try tensor.chunk(2, dim: 0)
        #expect(chunks.map(\.shape) == [[1, 3, 4], [1, 3, 4]])
        try expectEqual(Tensor.cat(chunks, dim: 0), Grid(tensor))
    }

    @Test(arguments: [(2, 1), (0, 0), (-1, 0), (2, 3), (2, -1)]) func partsThatCannotBe(parts: Int, dim: Int) throws {
        let error = #expect(throws: TorchError.self) { try grid.tensor().chunk(parts, dim: dim) }
        #expect(error?.operation == "chunk")
    }

    @Test func joins() throws {
        let (a, b) = (Grid([2, 3], stream: 22), Grid([2, 3], stream: 23))
        try expectEqual(Tensor.cat([a.tensor(), b.tensor()], dim: 0), Grid([4, 3], a.values + b.values))
        try expectEqual(Tensor.stack([a.tensor(), b.tensor()], dim: 0), Grid([2, 2, 3], a.values + b.values))
        let beside = Grid([2, 6], Grid.indices([2, 6]).map { ($0[1] < 3 ? a : b)[[$0[0], $0[1] % 3]] })
        try expectEqual(Tensor.cat([a.tensor(), b.tensor()], dim: 1), beside)
        #expect(throws: TorchError.self) { try Tensor.cat([a.tensor(), Tensor.zeros([3, 2])], dim: 0) }
        #expect(throws: TorchError.self) { try Tensor.cat([], dim: 0) }
    }

    @Test func selectsByPlace() throws {
        let rows = Grid([3, 2], [1, 2, 3, 4, 5, 6])
        let index = try Tensor([Int64(2), 0, 2], shape: [3])
        #expect(try rows.tensor().indexSelect(dim: 0, index: index).toArray(Double.self) == [5, 6, 1, 2, 5, 6])
        let column = try Tensor([Int64(1), 0, 1], shape: [3, 1])
        #expect(try rows.tensor().gather(dim: 1, index: column).toArray(Double.self) == [2, 3, 6])
        let added = try Tensor.zeros([3, 2], dtype: .float64)
            .scatterAdd(dim: 1, index: Tensor([Int64(1), 1, 0, 0, 1, 0], shape: [3, 2]), source: rows.tensor())
        #expect(try added.toArray(Double.self) == [0, 3, 7, 0, 6, 5])
        #expect(throws: TorchError.self) {
            try rows.tensor().indexSelect(dim: 0, index: Tensor([Int64(3)], shape: [1]))
        }
    }

    @Test func classesBecomeRowsOfZerosAndAOne() throws {
        let rows = try Tensor([Int64(2), 0], shape: [2]).oneHot(3)
        #expect(rows.dtype == .int64)
        #expect(try rows.toArray(Int64.self) == [0, 0, 1, 1, 0, 0])
        #expect(throws: TorchError.self) { try Tensor([Int64(3)], shape: [1]).oneHot(3) }
        #expect(throws: TorchError.self) { try Tensor([Int64(-1)], shape: [1]).oneHot(3) }
    }

    @Test func copyingConvertsAndBroadcasts() throws {
        let target = try Tensor.zeros([2, 2], dtype: .float32)
        try target.copy(from: Tensor([Int64(3), 4], shape: [2]))
        #expect(try target.toArray(Float.self) == [3, 4, 3, 4])
        #expect(throws: TorchError.self) { try target.copy(from: Tensor.zeros([3])) }
    }
}
