import Testing

@testable import Torch

@Suite("Tensor")
struct TensorTests {
    @Test func copiesValuesRowByRow() throws {
        let tensor = try Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3])
        #expect(tensor.shape == [2, 3])
        #expect(tensor.count == 6)
        #expect(tensor.dtype == .float64)
        #expect(tensor.device == .cpu)
        #expect(try tensor.narrow(dim: 0, start: 1, length: 1).toArray(Double.self) == [4, 5, 6])
        // Through a transposed view, whose memory has another order.
        #expect(try tensor.transpose(0, 1).toArray(Double.self) == [1, 4, 2, 5, 3, 6])
    }

    @Test func everySwiftTypeComesBack() throws {
        #expect(try Tensor([Float(0.1), -1e30], shape: [2]).toArray(Float.self) == [0.1, -1e30])
        #expect(try Tensor([0.1, -1e300], shape: [2]).toArray(Double.self) == [0.1, -1e300])
        #expect(try Tensor([Int64.max, Int64.min], shape: [2]).toArray(Int64.self) == [.max, .min])
        #expect(try Tensor([UInt8(0), 255], shape: [2]).toArray(UInt8.self) == [0, 255])
    }

    @Test(arguments: DType.allCases) func everyTypeConverts(dtype: DType) throws {
        let values: [Double] = dtype == .bool ? [0, 1, 1] : [0, 1, 96]
        let tensor = try Tensor(values, shape: [3]).to(dtype)
        #expect(tensor.dtype == dtype)
        #expect(try tensor.toArray(Double.self) == values)
        #expect(try Tensor.full([2], 1, dtype: dtype).toArray(Double.self) == [1, 1])
    }

    @Test func scalarsAndEmptyTensorsHaveShapesToo() throws {
        let scalar = try Tensor([2.5], shape: [])
        #expect(scalar.shape == [] && scalar.count == 1)
        #expect(try scalar.item() == 2.5)
        let empty = try Tensor([Float](), shape: [0, 3])
        #expect(empty.shape == [0, 3] && empty.count == 0)
        #expect(try empty.toArray(Float.self) == [])
        #expect(try empty.sum().item() == 0)
    }

    @Test func constantsAreMade() throws {
        #expect(try Tensor.zeros([2, 2]).toArray(Float.self) == [0, 0, 0, 0])
        #expect(try Tensor.ones([3], dtype: .int64).toArray(Int64.self) == [1, 1, 1])
        #expect(try Tensor.eye(2, dtype: .float64).toArray(Double.self) == [1, 0, 0, 1])
        #expect(try Tensor.arange(4).toArray(Int64.self) == [0, 1, 2, 3])
        #expect(try Tensor.arange(3, dtype: .float32).dtype == .float32)
    }

    @Test(
        "A shape that the values do not fill is an error, products past Int included",
        arguments: [[2], [2, 2, 2], [-1, -3], [Int.max, 2], []])
    func refusesWrongShapes(shape: [Int]) {
        #expect(throws: TorchError.self) { try Tensor([1.0, 2, 3], shape: shape) }
    }

    @Test func copiesOfValuesAreTheTensorsOwn() throws {
        var values = [1.0, 2]
        let tensor = try Tensor(values, shape: [2])
        values[0] = 7
        #expect(try tensor.toArray(Double.self) == [1, 2])
        let clone = try tensor.clone()
        try tensor.copy(from: Tensor([5.0], shape: [1]))
        #expect(try tensor.toArray(Double.self) == [5, 5])
        #expect(try clone.toArray(Double.self) == [1, 2])
        #expect(values == [7, 2])
    }

    @Test func channelsInnermostInMemoryAreTheSameValues() throws {
        let grid = Grid([2, 3, 4, 5], stream: 1)
        let tensor = try grid.tensor().channelsLast()
        try expectEqual(tensor, grid, tolerance: 0)
        try expectEqual(tensor.contiguous(), grid, tolerance: 0)
    }

    @Test func numbersOfOneElementOnly() throws {
        let error = #expect(throws: TorchError.self) { try Tensor.zeros([2]).item() }
        #expect(error?.operation == "item")
    }
}

@Suite("Borrowed memory")
struct BorrowingTests {
    /// Memory that says when it goes.
    final class Owner {
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: 6)
        let gone: () -> Void

        init(gone: @escaping () -> Void) {
            self.gone = gone
            for index in 0..<6 { memory[index] = Float(index) }
        }

        deinit {
            memory.deallocate()
            gone()
        }
    }

    @Test func isSharedBothWays() throws {
        let owner = Owner {}
        let tensor = try Tensor.borrowing(owner.memory, shape: [2, 3], dtype: .float32, owner: owner)
        owner.memory[5] = 50
        #expect(try tensor.toArray(Float.self) == [0, 1, 2, 3, 4, 50])
        try tensor.copy(from: Tensor.zeros([2, 3]))
        #expect(owner.memory[5] == 0)
    }

    @Test func outlivesItsOwnersOtherReferences() throws {
        var isGone = false
        var tensor: Tensor?
        var view: Tensor?
        do {
            let owner = Owner { isGone = true }
            tensor = try .borrowing(owner.memory, shape: [2, 3], dtype: .float32, owner: owner)
        }
        #expect(!isGone)
        // A view shares the memory, so it must keep the owner when the tensor itself has gone.
        view = try tensor?.narrow(dim: 0, start: 1, length: 1).detach()
        tensor = nil
        #expect(!isGone)
        #expect(try view?.toArray(Float.self) == [3, 4, 5])
        view = nil
        #expect(isGone)
    }

    @Test func aGraphThatNeedsItKeepsIt() throws {
        var isGone = false
        let weight = try Tensor.ones([2, 3])
        try weight.setRequiresGrad()
        var loss: Tensor?
        do {
            let owner = Owner { isGone = true }
            let input = try Tensor.borrowing(owner.memory, shape: [2, 3], dtype: .float32, owner: owner)
            loss = try (weight * input).sum()
        }
        #expect(!isGone)
        try loss?.backward()
        loss = nil
        #expect(isGone)
        #expect(try weight.grad()?.toArray(Float.self) == [0, 1, 2, 3, 4, 5])
    }

    @Test func isLetGoWhereBorrowingFails() throws {
        var isGone = false
        do {
            let owner = Owner { isGone = true }
            #expect(throws: TorchError.self) {
                try Tensor.borrowing(owner.memory, shape: [-2, 3], dtype: .float32, owner: owner)
            }
        }
        #expect(isGone)
    }

    @Test func needsNoOwner() throws {
        var values: [Double] = [1, 2]
        let sum = try values.withUnsafeMutableBytes { bytes in
            try Tensor.borrowing(#require(bytes.baseAddress), shape: [2], dtype: .float64).sum().item()
        }
        #expect(sum == 3)
    }
}
