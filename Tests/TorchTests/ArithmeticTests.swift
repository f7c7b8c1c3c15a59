import Foundation
import Testing

@testable import Torch

/// An operation of libtorch beside the same for two numbers.
struct Binary: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let torch: @Sendable (Tensor, Tensor) throws -> Tensor
    let plain: @Sendable (Double, Double) -> Double

    init(
        _ name: String, _ torch: @escaping @Sendable (Tensor, Tensor) throws -> Tensor,
        _ plain: @escaping @Sendable (Double, Double) -> Double
    ) {
        testDescription = name
        self.torch = torch
        self.plain = plain
    }

    static let all = [
        Binary("+", { try $0 + $1 }, { $0 + $1 }), Binary("-", { try $0 - $1 }, { $0 - $1 }),
        Binary("*", { try $0 * $1 }, { $0 * $1 }), Binary("/", { try $0 / $1 }, { $0 / $1 }),
        Binary("eq", { try $0.eq($1) }, { $0 == $1 ? 1 : 0 }), Binary("gt", { try $0.gt($1) }, { $0 > $1 ? 1 : 0 }),
    ]
}

/// An operation of libtorch beside the same for a number.
struct Unary: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let torch: @Sendable (Tensor) throws -> Tensor
    let plain: @Sendable (Double) -> Double

    init(
        _ name: String, _ torch: @escaping @Sendable (Tensor) throws -> Tensor,
        _ plain: @escaping @Sendable (Double) -> Double
    ) {
        testDescription = name
        self.torch = torch
        self.plain = plain
    }

    static let all = [
        Unary("+ 1.5", { try $0 + 1.5 }, { $0 + 1.5 }), Unary("- 1.5", { try $0 - 1.5 }, { $0 - 1.5 }),
        Unary("* 1.5", { try $0 * 1.5 }, { $0 * 1.5 }), Unary("/ 1.5", { try $0 / 1.5 }, { $0 / 1.5 }),
        Unary("negation", { try -$0 }, { -$0 }), Unary("exp", { try $0.exp() }, { exp($0) }),
        Unary("log", { try $0.abs().log() }, { log(abs($0)) }),
        Unary("sqrt", { try $0.abs().sqrt() }, { abs($0).squareRoot() }), Unary("abs", { try $0.abs() }, { abs($0) }),
        Unary("relu", { try $0.relu() }, { max($0, 0) }), Unary("detach", { try $0.detach() }, { $0 }),
        Unary("pow 3", { try $0.pow(3) }, { $0 * $0 * $0 }),
        Unary("clamp", { try $0.clamp(min: -0.25) }, { max($0, -0.25) }),
        Unary("is finite", { try ($0.abs() / 0).isFinite() }, { (abs($0) / 0).isFinite ? 1 : 0 }),
    ]
}

@Suite("Arithmetic")
struct ArithmeticTests {
    @Test(
        arguments: Binary.all,
        [[[2, 3], [2, 3]], [[2, 3], [3]], [[2, 1, 3], [4, 1]], [[], [2]], [[0, 3], [1, 3]]])
    func combinesElementByElement(operation: Binary, shapes: [[Int]]) throws {
        // Few levels, so that some elements are equal.
        let a = Grid(shapes[0], stream: 1).map { ($0 * 3).rounded() }
        let b = Grid(shapes[1], stream: 2).map { ($0 * 3).rounded() == 0 ? 1 : ($0 * 3).rounded() }
        try expectEqual(operation.torch(a.tensor(), b.tensor()), .combine(a, b, operation.plain))
    }

    @Test(arguments: Unary.all) func changesEachElement(operation: Unary) throws {
        let grid = Grid([3, 4], stream: 3)
        try expectEqual(operation.torch(grid.tensor()), grid.map(operation.plain))
    }

    @Test func multipliesMatrices() throws {
        let (a, b) = (Grid([3, 5], stream: 4), Grid([5, 2], stream: 5))
        try expectEqual(a.tensor().matmul(b.tensor()), .product(a, b))
        // Batched over leading dimensions.
        let stacked = try Tensor.stack([a.tensor(), a.tensor() * 2], dim: 0).matmul(b.tensor())
        try expectEqual(
            stacked.narrow(dim: 0, start: 1, length: 1).squeeze(0), Grid.product(a, b).map { 2 * $0 })
    }

    @Test func masksChoose() throws {
        let (a, b) = (Grid([2, 3], stream: 6), Grid([2, 3], stream: 7))
        let mask = try a.tensor().gt(b.tensor())
        #expect(mask.dtype == .bool)
        try expectEqual(a.tensor().maskedFill(mask, 9), .combine(a, b) { $0 > $1 ? 9 : $0 })
        try expectEqual(Tensor.where(mask, a.tensor(), b.tensor()), .combine(a, b) { max($0, $1) })
    }

    @Test func rowsComeToTheUnitSphere() throws {
        let grid = Grid([4, 3], stream: 8)
        let lengths = grid.reduce(1, keepdim: true) { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        try expectEqual(grid.tensor().normalizedRows(), .combine(grid, lengths) { $0 / $1 })
    }

    @Test func aRowOfZerosStaysSoAndHasAGradient() throws {
        let zeros = try Tensor.zeros([2, 3], dtype: .float64)
        try zeros.setRequiresGrad()
        let unit = try zeros.normalizedRows()
        #expect(try unit.toArray(Double.self) == [0, 0, 0, 0, 0, 0])
        try unit.sum().backward()
        let gradient: [Double] = try #require(try zeros.grad()).toArray()
        #expect(gradient.allSatisfy { $0.isFinite })
    }

    @Test("Errors name the operation and carry libtorch's words") func errorsSpeak() throws {
        let (a, b) = (try Tensor.zeros([2, 3]), try Tensor.zeros([4, 5]))
        let product = #expect(throws: TorchError.self) { try a.matmul(b) }
        #expect(product?.operation == "matmul")
        #expect(product?.message.contains("2x3") == true && product?.message.contains("4x5") == true)
        #expect(product?.description == "matmul: \(product?.message ?? "")")
        let sum = #expect(throws: TorchError.self) { try a + b }
        #expect(sum?.operation == "add")
        #expect(sum?.message.contains("must match the size of tensor b") == true)
        #expect(sum?.message.contains("frame #") == false)
    }
}
