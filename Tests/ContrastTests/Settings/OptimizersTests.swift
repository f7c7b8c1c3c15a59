import Testing
import Torch
import Views

@testable import Contrast

@Suite("Optimisers' settings")
struct OptimizersTests {
    private func build(_ text: String, _ parameters: [(key: String, parameter: Parameter)]) throws -> any Optimizer {
        let text = "training: {optimizer: {\(text)}}"
        let experiment = try ConfigurationReader(file: "test", text: text).read(Experiment.self)
        return try experiment.training.optimizer.component.build(parameters)
    }

    @Test("Biases are spared from decay where asked for", arguments: ["sgd", "adamw", "lars"], [true, false])
    func sparing(name: String, spared: Bool) throws {
        let weight = try Parameter(Tensor.ones([2, 2], dtype: .float64))
        let bias = try Parameter(Tensor.ones([2], dtype: .float64))
        let optimizer = try build(
            "\(name): {lr: 0.1, weight_decay: 0.5, exclude_bias_and_norm: \(spared)}",
            [("weight", weight), ("bias", bias)])
        // Without a gradient only decay changes weights.
        try ((weight.value * 0).sum() + (bias.value * 0).sum()).backward()
        try optimizer.step(factor: 1)
        #expect(try weight.value.toArray(Double.self).allSatisfy { $0 < 1 })
        #expect(try bias.value.toArray(Double.self).allSatisfy { spared ? $0 == 1 : $0 < 1 })
    }

    @Test func settingsReachTheOptimiser() throws {
        func value(_ text: String, steps: Int) throws -> Double {
            let weight = try Parameter(Tensor.ones([1, 1], dtype: .float64))
            let optimizer = try build(text, [("weight", weight)])
            for _ in 0..<steps {
                try optimizer.zeroGrad()
                try (weight.value * 2).sum().backward()
                try optimizer.step(factor: 0.5)
            }
            return try weight.value.item()
        }
        // lr 0.2 halved by the schedule, gradient 2; the second step carries half of the first.
        #expect(try abs(value("sgd: {lr: 0.2, momentum: 0.5, weight_decay: 0}", steps: 2) - (1 - 0.2 - 0.3)) < 1e-14)
        let nesterov = try value("sgd: {lr: 0.2, momentum: 0.5, nesterov: true, weight_decay: 0}", steps: 1)
        #expect(abs(nesterov - (1 - 0.1 * 3)) < 1e-14)
        // The first step of Adam is lr for any gradient.
        #expect(try abs(value("adamw: {lr: 0.2, eps: 1.0e-12, weight_decay: 0}", steps: 1) - 0.9) < 1e-9)
        #expect(try abs(value("lars: {lr: 0.2, trust: 0.01, weight_decay: 0}", steps: 1) - (1 - 0.1 * 0.01)) < 1e-14)
    }

    @Test(arguments: [
        "sgd: {lr: 0}", "sgd: {lr: -1}", "sgd: {momentum: 1.5}", "sgd: {weight_decay: -0.1}",
        "sgd: {momentum: 0, nesterov: true}", "adamw: {betas: [0.9]}", "adamw: {betas: [0.9, 1.0]}", "adamw: {eps: 0}",
        "lars: {trust: 0}", "lars: {lr: .inf}", "adagrad", "sgd: {learning_rate: 0.1}",
    ])
    func settingsOutOfRangeAreErrors(text: String) {
        #expect(throws: ConfigurationError.self) { try build(text, []) }
    }
}
