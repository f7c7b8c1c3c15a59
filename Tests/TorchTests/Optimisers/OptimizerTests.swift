import Foundation
import Testing

@testable import Torch

/// Parameters in float64 whose gradients a test chooses: a matrix, which is decayed, and a bias, which may be spared.
private struct Bench {
    let parameters: [(key: String, parameter: Parameter)]
    private let factors: [Double]

    static let shapes = ["weight": [2, 3], "bias": [3], "unused": [2, 2]]

    init() throws {
        parameters = try ["weight", "bias", "unused"].enumerated().map { index, key in
            (key, try Parameter(Grid(Bench.shapes[key] ?? [], stream: 61 + UInt64(index)).tensor()))
        }
        factors = [1, -2]
    }

    /// The gradient of a step: a fixed direction plus the values themselves, so that steps depend on one another.
    static func gradient(_ key: String, _ step: Int, _ values: [Double]) -> [Double] {
        let fixed = Grid(shapes[key] ?? [], stream: 71 + UInt64(step) + (key == "bias" ? 100 : 0))
        return zip(fixed.values, values).map { $0 + $1 }
    }

    /// Leaves that gradient in the parameters that are used.
    func backward(_ step: Int) throws {
        for (key, parameter) in parameters where key != "unused" {
            let fixed = try Grid(parameter.value.shape, stream: 71 + UInt64(step) + (key == "bias" ? 100 : 0)).tensor()
            try (parameter.value * fixed + parameter.value.pow(2) * 0.5).sum().backward()
        }
    }

    func values() throws -> [String: [Double]] {
        try Dictionary(uniqueKeysWithValues: parameters.map { ($0.key, try $0.parameter.value.toArray()) })
    }
}

/// Five steps by libtorch beside the same written out; `update` takes and gives values and state.
private func compare(
    _ optimizer: any Optimizer, _ bench: Bench, slots: Int,
    update: (_ key: String, _ step: Int, _ w: [Double], _ g: [Double], _ state: inout [[Double]]) -> [Double]
) throws {
    var wanted = try bench.values()
    let unused = wanted["unused"]
    var state: [String: [[Double]]] = wanted.mapValues {
        Array(repeating: Array(repeating: 0, count: $0.count), count: slots)
    }
    for step in 0..<5 {
        try optimizer.zeroGrad()
        try bench.backward(step)
        try optimizer.step(factor: factor(step))
        for key in ["weight", "bias"] {
            let w = wanted[key] ?? []
            var slots = state[key] ?? []
            wanted[key] = update(key, step, w, Bench.gradient(key, step, w), &slots)
            state[key] = slots
        }
        let found = try bench.values()
        for key in ["weight", "bias"] {
            let pairs = zip(found[key] ?? [], wanted[key] ?? [])
            #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-13 }, "\(key) after step \(step + 1)")
        }
        #expect(found["unused"] == unused)
    }
}

/// The schedule's factor of a step.
private func factor(_ step: Int) -> Double { 1 / Double(step + 1) }

private func length(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

@Suite("SGD")
struct SGDTests {
    @Test(arguments: [(0, false), (0.9, false), (0.9, true)], [false, true])
    func followsTheFormula(momentum: (share: Double, nesterov: Bool), sparing: Bool) throws {
        let (momentum, nesterov) = momentum
        let bench = try Bench()
        let optimizer = try SGD(
            bench.parameters, lr: 0.1, momentum: momentum, weightDecay: 0.05, nesterov: nesterov,
            sparingBiasAndNorm: sparing)
        try compare(optimizer, bench, slots: 1) { key, step, w, g, state in
            let decay = sparing && key == "bias" ? 0 : 0.05
            let d = zip(g, w).map { $0 + decay * $1 }
            state[0] = zip(state[0], d).map { momentum * $0 + $1 }
            let direction = nesterov ? zip(d, state[0]).map { $0 + momentum * $1 } : state[0]
            return zip(w, direction).map { $0 - 0.1 * factor(step) * $1 }
        }
    }
}

@Suite("AdamW")
struct AdamWTests {
    @Test(arguments: [false, true]) func followsTheFormula(sparing: Bool) throws {
        let bench = try Bench()
        let optimizer = try AdamW(
            bench.parameters, lr: 0.02, betas: (0.8, 0.95), eps: 1e-6, weightDecay: 0.1, sparingBiasAndNorm: sparing)
        try compare(optimizer, bench, slots: 2) { key, step, w, g, state in
            let lr = 0.02 * factor(step)
            let decay = sparing && key == "bias" ? 0 : 0.1
            state[0] = zip(state[0], g).map { 0.8 * $0 + 0.2 * $1 }
            state[1] = zip(state[1], g).map { 0.95 * $0 + 0.05 * $1 * $1 }
            let (first, second) = (1 - pow(0.8, Double(step + 1)), 1 - pow(0.95, Double(step + 1)))
            return w.indices.map { index in
                let step = state[0][index] / first / ((state[1][index] / second).squareRoot() + 1e-6)
                return w[index] * (1 - lr * decay) - lr * step
            }
        }
    }
}

@Suite("LARS")
struct LARSTests {
    @Test(arguments: [false, true]) func followsTheFormula(sparing: Bool) throws {
        let bench = try Bench()
        let optimizer = try LARS(
            bench.parameters, lr: 2, momentum: 0.9, weightDecay: 0.05, trust: 0.02, sparingBiasAndNorm: sparing)
        try compare(optimizer, bench, slots: 1) { key, step, w, g, state in
            let spared = sparing && key == "bias"
            let d = zip(g, w).map { $0 + (spared ? 0 : 0.05) * $1 }
            let rate = 2 * factor(step) * (spared ? 1 : 0.02 * length(w) / length(d))
            state[0] = zip(state[0], d).map { 0.9 * $0 + rate * $1 }
            return zip(w, state[0]).map { $0 - $1 }
        }
    }

    @Test func weightsOfZeroAreMovedAtThePlainRate() throws {
        let parameter = try Parameter(Tensor.zeros([1, 2], dtype: .float64))
        let optimizer = try LARS(
            [("w", parameter)], lr: 0.5, momentum: 0, weightDecay: 0, trust: 1e-3, sparingBiasAndNorm: false)
        try (parameter.value * 3).sum().backward()
        try optimizer.step(factor: 1)
        #expect(try parameter.value.toArray(Double.self) == [-1.5, -1.5])
    }
}

@Suite("Optimisers' state")
struct OptimizerStateTests {
    enum Kind: CaseIterable { case sgd, adamw, lars }

    private func make(_ kind: Kind, _ bench: Bench) throws -> any Optimizer {
        let parameters = bench.parameters
        switch kind {
        case .sgd:
            return try SGD(
                parameters, lr: 0.1, momentum: 0.9, weightDecay: 0.1, nesterov: true, sparingBiasAndNorm: true)
        case .adamw:
            return try AdamW(
                parameters, lr: 0.1, betas: (0.9, 0.999), eps: 1e-8, weightDecay: 0.1, sparingBiasAndNorm: true)
        case .lars:
            return try LARS(
                parameters, lr: 0.1, momentum: 0.9, weightDecay: 0.1, trust: 0.1, sparingBiasAndNorm: true)
        }
    }

    private func train(_ optimizer: any Optimizer, _ bench: Bench, _ steps: Range<Int>) throws {
        for step in steps {
            try optimizer.zeroGrad()
            try bench.backward(step)
            try optimizer.step(factor: 1)
        }
    }

    @Test(arguments: Kind.allCases) func takenUpItGoesOnBitForBit(kind: Kind) throws {
        let whole = try Bench()
        let first = try make(kind, whole)
        try train(first, whole, 0..<3)
        // Copies, as a file would hold them.
        let state = try first.state.mapValues { try $0.clone() }
        let weights = try whole.parameters.map { try $0.parameter.value.detach().clone() }
        try train(first, whole, 3..<6)

        let resumed = try Bench()
        for (named, value) in zip(resumed.parameters, weights) { try named.parameter.value.copy(from: value) }
        let second = try make(kind, resumed)
        try second.load(state: state)
        try train(second, resumed, 3..<6)
        #expect(try resumed.values() == whole.values())
    }

    @Test(arguments: Kind.allCases) func refusesWhatDoesNotFitAndChangesNothing(kind: Kind) throws {
        let bench = try Bench()
        let optimizer = try make(kind, bench)
        try train(optimizer, bench, 0..<2)
        let before = try optimizer.state.mapValues { try $0.toArray(Double.self) }
        var state = try optimizer.state.mapValues { try $0 * 0 }
        let key = try #require(state.keys.filter { $0.hasSuffix(".weight") }.min())
        state["more"] = try .zeros([1])
        let unexpected = #expect(throws: StateError.self) { try optimizer.load(state: state) }
        #expect(unexpected?.unexpected == ["more"])
        state["more"] = nil
        state[key] = try .zeros([7])
        let mismatched = #expect(throws: StateError.self) { try optimizer.load(state: state) }
        #expect(mismatched?.mismatched.count == 1)
        state[key] = nil
        let missing = #expect(throws: StateError.self) { try optimizer.load(state: state) }
        #expect(missing?.missing == [key])
        #expect(try optimizer.state.mapValues { try $0.toArray(Double.self) } == before)
    }
}
