import Testing

@testable import Torch

/// A module with every kind of member.
private final class Sample: Module {
    let conv1: Conv2d
    let bn1: BatchNorm
    let blocks: ModuleList<Linear>
    let longName: Linear?
    let absent: Linear?
    let queueSize: Buffer
    let logitScale: Parameter
    /// No part of the state.
    private let stride = 2

    init(seed: UInt64 = 1, width: Int = 4) throws(TorchError) {
        let generator = try Generator(seed: seed)
        conv1 = try Conv2d(3, width, kernel: 3, generator: generator)
        bn1 = try BatchNorm(width)
        var blocks: [Linear] = []
        for _ in 0..<2 { blocks.append(try Linear(width, width, generator: generator)) }
        self.blocks = ModuleList(blocks)
        longName = try Linear(width, 2, bias: false, generator: generator)
        absent = nil
        queueSize = Buffer(try .zeros([], dtype: .int64))
        logitScale = try Parameter(.full([], 2.5))
    }
}

@Suite("Modules")
struct ModuleTests {
    private let keys = [
        "blocks.0.bias", "blocks.0.weight", "blocks.1.bias", "blocks.1.weight", "bn1.bias", "bn1.num_batches_tracked",
        "bn1.running_mean", "bn1.running_var", "bn1.weight", "conv1.weight", "logit_scale", "long_name.weight",
        "queue_size",
    ]

    private func values(_ module: some Module) throws -> [String: [Double]] {
        try module.stateDict.mapValues { try $0.toArray() }
    }

    @Test func haveTheKeysOfAStateDict() throws {
        let sample = try Sample()
        #expect(sample.stateDict.keys.sorted() == keys)
        // In the order of appearance, buffers left out.
        #expect(
            sample.namedParameters.map(\.key) == [
                "conv1.weight", "bn1.weight", "bn1.bias", "blocks.0.weight", "blocks.0.bias", "blocks.1.weight",
                "blocks.1.bias", "long_name.weight", "logit_scale",
            ])
        #expect(sample.namedParameters.allSatisfy { $0.parameter.value.requiresGrad })
        let spared = sample.namedParameters.filter { $0.parameter.isBiasOrNorm }.map(\.key)
        #expect(spared == ["bn1.weight", "bn1.bias", "blocks.0.bias", "blocks.1.bias", "logit_scale"])
    }

    @Test func takeUpAState() throws {
        let (a, b) = (try Sample(seed: 1), try Sample(seed: 2))
        #expect(try values(a) != values(b))
        try b.load(stateDict: a.stateDict)
        #expect(try values(a) == values(b))
        // Values are copied, not shared.
        try b.logitScale.value.copy(from: Tensor.zeros([]))
        #expect(try a.logitScale.value.item() == 2.5)
        #expect(b.namedParameters.allSatisfy { $0.parameter.value.requiresGrad })
    }

    @Test func theCountOfBatchesMayBeMissing() throws {
        // Weights from before PyTorch 0.4.1 have none.
        let (a, b) = (try Sample(seed: 1), try Sample(seed: 2))
        try b.load(stateDict: a.stateDict.filter { !$0.key.hasSuffix("num_batches_tracked") })
        #expect(try values(a) == values(b))
    }

    @Test func refuseWhatDoesNotFitAndChangeNothing() throws {
        let sample = try Sample(seed: 1)
        let before = try values(sample)
        var state = try Sample(seed: 2).stateDict
        state["conv1.weight"] = nil
        state["bn1.bias"] = try .zeros([5])
        state["fc.weight"] = try .zeros([1])
        let error = #expect(throws: StateError.self) { try sample.load(stateDict: state) }
        #expect(
            error
                == StateError(
                    missing: ["conv1.weight"], unexpected: ["fc.weight"], mismatched: ["bn1.bias is [5], must be [4]"]))
        #expect(
            error?.description
                == "missing conv1.weight; unexpected fc.weight; mismatched bn1.bias is [5], must be [4]")
        #expect(try values(sample) == before)
    }

    @Test func passOverWhatTheyAreToldTo() throws {
        let sample = try Sample(seed: 1)
        var state = try Sample(seed: 2).stateDict
        state["fc.weight"] = try .zeros([1])
        let error = #expect(throws: StateError.self) { try sample.load(stateDict: state) }
        #expect(error == StateError(missing: [], unexpected: ["fc.weight"], mismatched: []))
        try sample.load(stateDict: state) { $0.hasPrefix("fc.") }
        #expect(try values(sample) == values(Sample(seed: 2)))
    }

    @Test func longListsOfKeysAreCut() {
        let error = StateError(missing: ["a", "b", "c", "d", "e"], unexpected: [], mismatched: [])
        #expect(error.description == "missing a, b, c and 2 more")
    }

    @Test func movingKeepsValuesAndTraining() throws {
        let sample = try Sample()
        let before = try values(sample)
        try sample.move(to: .cpu, channelsLast: true)
        #expect(try values(sample) == before)
        let x = try Grid([2, 3, 5, 5], stream: 51).tensor(.float32)
        try sample.bn1(sample.conv1(x), training: true).pow(2).sum().backward()
        #expect(try sample.conv1.weight.value.grad() != nil)
    }
}

@Suite("Generators")
struct GeneratorTests {
    @Test func theSameSeedGivesTheSameNumbers() throws {
        func draw(_ seed: UInt64) throws -> [[Float]] {
            let generator = try Generator(seed: seed)
            return [
                try generator.uniform([50], -1, 1).toArray(), try generator.normal([50], std: 2).toArray(),
                try generator.normal([3, 7], std: 2).toArray(),
            ]
        }
        #expect(try draw(7) == draw(7))
        #expect(try draw(7) != draw(8))
        #expect(try draw(.max)[0] != draw(0)[0])
        let numbers = try draw(7)
        #expect(Set(numbers[0]).count == 50)
        #expect(numbers[0].allSatisfy { $0 >= -1 && $0 < 1 })
    }

    @Test func normalNumbersHaveTheDeviationAskedFor() throws {
        let numbers: [Double] = try Generator(seed: 1).normal([100, 100], std: 3).toArray()
        let mean = numbers.reduce(0, +) / 10_000
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 10_000
        #expect(abs(mean) < 5 * 3 / 100)
        #expect(abs(variance.squareRoot() / 3 - 1) < 5 / 20_000.0.squareRoot())
    }
}

@Suite("Runtime")
struct RuntimeTests {
    @Test func knowsItsLibrary() {
        #expect(Runtime.version.split(separator: ".").count >= 2)
        #expect(Runtime.libraryPath.contains("libtorch"))
        #expect(Runtime.cudaDevices >= 0)
    }
}
