import Testing

@testable import Torch

/// What layers compute, written out in float64.
private enum Naive {
    static func convolution(_ x: Grid, _ weight: Grid, stride: Int, padding: Int) -> Grid {
        let kernel = weight.shape[2]
        func extent(_ side: Int) -> Int { (side + 2 * padding - kernel) / stride + 1 }
        let shape = [x.shape[0], weight.shape[0], extent(x.shape[2]), extent(x.shape[3])]
        let values = Grid.indices(shape).map { index in
            Grid.indices(Array(weight.shape[1...])).reduce(0.0) { sum, tap in
                let (row, column) = (index[2] * stride + tap[1] - padding, index[3] * stride + tap[2] - padding)
                guard row >= 0, row < x.shape[2], column >= 0, column < x.shape[3] else { return sum }
                return sum + x[[index[0], tap[0], row, column]] * weight[[index[1]] + tap]
            }
        }
        return Grid(shape, values)
    }

    static func maxPool(_ x: Grid, kernel: Int, stride: Int, padding: Int) -> Grid {
        func extent(_ side: Int) -> Int { (side + 2 * padding - kernel) / stride + 1 }
        let shape = [x.shape[0], x.shape[1], extent(x.shape[2]), extent(x.shape[3])]
        let values = Grid.indices(shape).map { index in
            Grid.indices([kernel, kernel]).reduce(-Double.infinity) { best, tap in
                let (row, column) = (index[2] * stride + tap[0] - padding, index[3] * stride + tap[1] - padding)
                guard row >= 0, row < x.shape[2], column >= 0, column < x.shape[3] else { return best }
                return max(best, x[[index[0], index[1], row, column]])
            }
        }
        return Grid(shape, values)
    }

    /// Mean and squared deviation of each channel, the latter over n - `missing`.
    static func statistics(_ x: Grid, missing: Int) -> (mean: [Double], variance: [Double]) {
        let channels = (0..<x.shape[1]).map { channel in
            Grid.indices(x.shape).filter { $0[1] == channel }.map { x[$0] }
        }
        let means = channels.map { $0.reduce(0, +) / Double($0.count) }
        let variances = zip(channels, means).map { values, mean in
            values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - missing)
        }
        return (means, variances)
    }
}

@Suite("Convolution and pooling")
struct ConvolutionTests {
    @Test(arguments: [(3, 1, 1), (3, 2, 1), (7, 2, 3), (1, 1, 0), (1, 2, 0)])
    func convolves(kernel: Int, stride: Int, padding: Int) throws {
        let layer = try Conv2d(
            3, 4, kernel: kernel, stride: stride, padding: padding, generator: Generator(seed: 5))
        #expect(layer.stateDict.keys.sorted() == ["weight"])
        #expect(layer.weight.value.shape == [4, 3, kernel, kernel])
        let x = Grid([2, 3, 9, 8], stream: 41)
        let wanted = Naive.convolution(x, try Grid(layer.weight.value), stride: stride, padding: padding)
        try expectEqual(layer(x.tensor(.float32)), wanted, tolerance: 1e-6)
        try expectEqual(layer(x.tensor(.float32).channelsLast()), wanted, tolerance: 1e-6)
    }

    @Test func beginsAsTorchvisionDoes() throws {
        let layer = try Conv2d(8, 64, kernel: 5, generator: Generator(seed: 5))
        let weights = try Grid(layer.weight.value).values
        let deviation = (2.0 / (64 * 25)).squareRoot()
        let measured = (weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)).squareRoot()
        // Of 12,800 numbers, five standard errors.
        #expect(abs(measured / deviation - 1) < 5 / (2 * 12_800.0).squareRoot())
        #expect(abs(weights.reduce(0, +) / 12_800) < 5 * deviation / 12_800.0.squareRoot())
    }

    @Test(arguments: [(2, 2, 0), (3, 2, 1)]) func pools(kernel: Int, stride: Int, padding: Int) throws {
        // All negative, so that padding with 0 would show.
        let x = Grid([2, 3, 7, 6], stream: 42, from: -2, to: -1)
        try expectEqual(
            x.tensor().maxPool2d(kernel: kernel, stride: stride, padding: padding),
            Naive.maxPool(x, kernel: kernel, stride: stride, padding: padding))
    }

    @Test func refusesOtherChannels() throws {
        let layer = try Conv2d(3, 4, kernel: 3, generator: Generator(seed: 5))
        let error = #expect(throws: TorchError.self) { try layer(Tensor.zeros([1, 2, 8, 8])) }
        #expect(error?.operation == "conv2d")
        #expect(error?.message.contains("3 channels") == true)
    }
}

@Suite("Linear")
struct LinearTests {
    @Test(arguments: [true, false]) func multipliesAndAdds(bias: Bool) throws {
        let layer = try Linear(5, 3, bias: bias, generator: Generator(seed: 6))
        #expect(layer.stateDict.keys.sorted() == (bias ? ["bias", "weight"] : ["weight"]))
        let x = Grid([4, 5], stream: 43)
        let weight = try Grid(layer.weight.value)
        var wanted = Grid.product(x, Grid([5, 3], Grid.indices([5, 3]).map { weight[[$0[1], $0[0]]] }))
        if let bias = layer.bias { wanted = .combine(wanted, try Grid(bias.value), +) }
        try expectEqual(layer(x.tensor(.float32)), wanted, tolerance: 1e-6)
        let bound = 1 / 5.0.squareRoot()
        for tensor in layer.stateDict.values { #expect(try Grid(tensor).values.allSatisfy { abs($0) <= bound }) }
    }
}

@Suite("Batch norm")
struct BatchNormTests {
    /// A layer with weights that change something.
    private func layer() throws -> BatchNorm {
        let layer = try BatchNorm(3)
        try layer.load(stateDict: [
            "weight": Tensor([Float(1.5), -0.5, 2], shape: [3]), "bias": Tensor([Float(0.25), 1, -1], shape: [3]),
            "running_mean": Tensor([Float(0.5), -0.25, 0], shape: [3]),
            "running_var": Tensor([Float(2), 0.5, 1], shape: [3]),
        ])
        return layer
    }

    private func normalised(_ x: Grid, _ mean: [Double], _ variance: [Double]) -> Grid {
        let (weight, bias) = ([1.5, -0.5, 2], [0.25, 1, -1])
        return Grid(
            x.shape,
            Grid.indices(x.shape).map { index in
                let channel = index[1]
                return (x[index] - mean[channel]) / (variance[channel] + 1e-5).squareRoot() * weight[channel]
                    + bias[channel]
            })
    }

    @Test(arguments: [[5, 3], [4, 3, 2, 3]]) func trainsOnTheBatchsStatistics(shape: [Int]) throws {
        let layer = try layer()
        let x = Grid(shape, stream: 44)
        let batch = Naive.statistics(x, missing: 0)
        try expectEqual(
            layer(x.tensor(.float32), training: true), normalised(x, batch.mean, batch.variance), tolerance: 1e-5)
        // The running variance takes the unbiased one, as PyTorch's.
        let unbiased = Naive.statistics(x, missing: 1)
        try expectEqual(
            layer.runningMean.value, Grid([3], zip([0.5, -0.25, 0], unbiased.mean).map { 0.9 * $0 + 0.1 * $1 }),
            tolerance: 1e-6)
        try expectEqual(
            layer.runningVar.value, Grid([3], zip([2, 0.5, 1], unbiased.variance).map { 0.9 * $0 + 0.1 * $1 }),
            tolerance: 1e-6)
        #expect(try layer.numBatchesTracked.value.item() == 1)
    }

    @Test func usesRunningStatisticsOtherwise() throws {
        let layer = try layer()
        let x = Grid([4, 3, 2, 3], stream: 45)
        try expectEqual(
            layer(x.tensor(.float32), training: false), normalised(x, [0.5, -0.25, 0], [2, 0.5, 1]), tolerance: 1e-6)
        #expect(try layer.runningMean.value.toArray(Float.self) == [0.5, -0.25, 0])
        #expect(try layer.numBatchesTracked.value.item() == 0)
    }

    @Test func countsExactly() throws {
        let layer = try layer()
        // One past what float32 counts.
        try layer.numBatchesTracked.value.copy(from: Tensor([Int64(1) << 24], shape: []))
        _ = try layer(Tensor.ones([2, 3]), training: true)
        #expect(try layer.numBatchesTracked.value.toArray(Int64.self) == [(1 << 24) + 1])
        #expect(layer.numBatchesTracked.value.dtype == .int64)
    }

    @Test func refusesASingleValueAndChangesNothing() throws {
        let layer = try layer()
        let error = #expect(throws: TorchError.self) { try layer(Tensor.ones([1, 3]), training: true) }
        #expect(error?.message.contains("more than one value per channel") == true)
        #expect(try layer.runningVar.value.toArray(Float.self) == [2, 0.5, 1])
        #expect(try layer.numBatchesTracked.value.item() == 0)
        _ = try layer(Tensor.ones([1, 3]), training: false)
    }
}

@Suite("Layers' gradients")
struct LayerGradientTests {
    /// A network of all layers in float64, so that differences are exact enough to tell a wrong gradient.
    private final class Network: Module {
        let convolution: Conv2d
        let norm: BatchNorm
        let linear: Linear

        init() throws {
            let generator = try Generator(seed: 7)
            convolution = try Conv2d(2, 3, kernel: 3, stride: 2, padding: 1, generator: generator)
            norm = try BatchNorm(3)
            linear = try Linear(3, 2, generator: generator)
            for (_, parameter) in namedParameters {
                try parameter.replace { (value: Tensor) throws(TorchError) in try value.to(.float64) }
            }
            for buffer in [norm.runningMean, norm.runningVar] {
                try buffer.replace { (value: Tensor) throws(TorchError) in try value.to(.float64) }
            }
        }

        func loss(_ x: Tensor) throws -> Tensor {
            let features = try norm(convolution(x), training: true).relu().mean(dims: [2, 3])
            return try linear(features).logSoftmax(dim: 1).narrow(dim: 1, start: 0, length: 1).sum()
        }
    }

    @Test func agreeWithFiniteDifferences() throws {
        let network = try Network()
        let x = try Grid([3, 2, 5, 5], stream: 46).tensor()
        try network.loss(x).backward()
        let step = 1e-6
        for (key, parameter) in network.namedParameters {
            let start = try Grid(parameter.value)
            var differences = start
            for index in start.values.indices {
                func value(_ offset: Double) throws -> Double {
                    var moved = start
                    moved.values[index] += offset
                    try parameter.value.copy(from: moved.tensor())
                    return try network.loss(x).item()
                }
                differences.values[index] = (try value(step) - value(-step)) / (2 * step)
            }
            try parameter.value.copy(from: start.tensor())
            try expectEqual(#require(try parameter.value.grad()), differences, tolerance: 1e-6, "\(key)")
        }
    }
}
