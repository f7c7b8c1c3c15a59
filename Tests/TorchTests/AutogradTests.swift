import Testing

@testable import Torch

/// A function of tensors whose gradient is checked by finite differences.
struct Differentiable: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shapes: [[Int]]
    let function: @Sendable ([Tensor]) throws -> Tensor

    init(_ name: String, _ shapes: [[Int]], _ function: @escaping @Sendable ([Tensor]) throws -> Tensor) {
        testDescription = name
        self.shapes = shapes
        self.function = function
    }

    static let all = [
        Differentiable("sum, broadcast", [[2, 3], [3]]) { try $0[0] + $0[1] },
        Differentiable("difference, broadcast", [[2, 3], [2, 1]]) { try $0[0] - $0[1] },
        Differentiable("product", [[2, 3], [2, 3]]) { try $0[0] * $0[1] },
        Differentiable("quotient", [[2, 3], [2, 3]]) { try $0[0] / ($0[1].pow(2) + 0.5) },
        Differentiable("scalars", [[4]]) { try -($0[0] * 3 - 1.5) / 2 + 1 },
        Differentiable("matmul", [[2, 3], [3, 4]]) { try $0[0].matmul($0[1]) },
        Differentiable("exp", [[5]]) { try $0[0].exp() },
        Differentiable("log and sqrt", [[5]]) { try ($0[0].pow(2) + 1).log().sqrt() },
        Differentiable("abs, relu, clamp", [[7]]) { try $0[0].abs() + $0[0].relu() + $0[0].clamp(min: 0.3) },
        Differentiable("norm", [[3, 4]]) { try $0[0].norm(dim: 1) },
        Differentiable("unit rows", [[3, 4]]) { try $0[0].normalizedRows() },
        Differentiable("reductions", [[3, 4]]) { try $0[0].sum(dim: 0) + $0[0].mean(dim: 0) + $0[0].mean() },
        Differentiable("max", [[3, 4]]) { try $0[0].max(dim: 1) },
        Differentiable("logsumexp", [[3, 4]]) { try $0[0].logsumexp(dim: 1) },
        Differentiable("softmax", [[3, 4]]) { try $0[0].softmax(dim: 1) + $0[0].logSoftmax(dim: 0) },
        Differentiable("masked", [[3, 3]]) {
            try $0[0].maskedFill(Tensor.eye(3, dtype: .bool), -.infinity).logsumexp(dim: 1)
        },
        Differentiable("where", [[4], [4]]) { try .where(Tensor.arange(4).gt(Tensor.ones([4])), $0[0], $0[1]) },
        Differentiable("gather", [[3, 4]]) {
            try $0[0].gather(dim: 1, index: Tensor([Int64(3), 0, 3], shape: [3, 1]))
        },
        Differentiable("index select", [[3, 4]]) {
            try $0[0].indexSelect(dim: 0, index: Tensor([Int64(2), 2, 0], shape: [3]))
        },
        Differentiable("scatter add", [[2, 3], [2, 3]]) {
            try $0[0].scatterAdd(dim: 1, index: Tensor([Int64(0), 0, 2, 1, 2, 1], shape: [2, 3]), source: $0[1])
        },
        Differentiable("shapes", [[2, 3, 4]]) {
            let x = try $0[0].transpose(0, 2).reshape([4, 6]).unsqueeze(0).squeeze(0)
            return try Tensor.cat(x.chunk(2, dim: 1), dim: 0).narrow(dim: 0, start: 1, length: 5)
        },
        Differentiable("stack", [[2], [2]]) { try Tensor.stack($0, dim: 1).pow(2) },
        Differentiable("top k", [[2, 4]]) { try $0[0].topk(2, dim: 1).values },
        Differentiable("singular values", [[4, 3]]) { try $0[0].svdvals() },
        Differentiable("contiguous layouts", [[1, 2, 2, 3]]) { try $0[0].channelsLast().contiguous().clone() },
        Differentiable("max pool", [[1, 2, 5, 6]]) { try $0[0].maxPool2d(kernel: 3, stride: 2, padding: 1) },
    ]
}

@Suite("Gradients")
struct AutogradTests {
    @Test(arguments: Differentiable.all) func agreeWithFiniteDifferences(_ subject: Differentiable) throws {
        let inputs = subject.shapes.enumerated().map { Grid($0.element, stream: 31 + UInt64($0.offset)) }
        /// A fixed weighting of the result's elements, so that each entry's own derivative counts.
        func weighted(_ tensors: [Tensor]) throws -> Tensor {
            let result = try subject.function(tensors)
            return try (result * Grid(result.shape, stream: 39).tensor()).sum()
        }
        let tensors = try inputs.map { try $0.tensor() }
        for tensor in tensors { try tensor.setRequiresGrad() }
        try weighted(tensors).backward()
        let step = 1e-5
        for (place, input) in inputs.enumerated() {
            var differences = input
            for index in input.values.indices {
                func value(_ offset: Double) throws -> Double {
                    var moved = inputs
                    moved[place].values[index] += offset
                    return try weighted(moved.map { try $0.tensor() }).item()
                }
                differences.values[index] = (try value(step) - value(-step)) / (2 * step)
            }
            try expectEqual(#require(try tensors[place].grad()), differences, tolerance: 1e-7)
        }
    }

    @Test func addUpUntilTheyAreForgotten() throws {
        let parameter = try Parameter(Tensor([2.0], shape: [1]))
        for _ in 0..<2 { try (parameter.value * 3).sum().backward() }
        #expect(try parameter.value.grad()?.toArray(Double.self) == [6])
        let optimizer = try SGD(
            [("w", parameter)], lr: 1, momentum: 0, weightDecay: 0, nesterov: false, sparingBiasAndNorm: false)
        try optimizer.zeroGrad()
        #expect(try parameter.value.grad() == nil)
    }

    @Test func areNotRecordedWhereNotWanted() throws {
        let x = try Tensor([1.0], shape: [1])
        #expect(!x.requiresGrad)
        try x.setRequiresGrad()
        #expect(try (x * 2).requiresGrad)
        let inside = try withoutGradients { try withoutGradients { try x * 2 } }
        #expect(!inside.requiresGrad)
        #expect(try !x.detach().requiresGrad)
        // The state comes back after an error too.
        #expect(throws: TorchError.self) { try withoutGradients { try x.matmul(Tensor.zeros([2, 2])) } }
        #expect(try (x * 2).requiresGrad)
    }

    @Test func stopAtDetachedTensors() throws {
        let x = try Tensor([3.0], shape: [1])
        try x.setRequiresGrad()
        try (x * x.detach()).sum().backward()
        #expect(try x.grad()?.item() == 3)
    }

    @Test func needAScalarThatWasComputed() throws {
        let x = try Tensor.zeros([2])
        #expect(throws: TorchError.self) { try x.sum().backward() }
        try x.setRequiresGrad()
        let error = #expect(throws: TorchError.self) { try (x * 2).backward() }
        #expect(error?.operation == "backward")
        #expect(throws: TorchError.self) { try Tensor.arange(3).setRequiresGrad() }
    }
}
