import Testing
import Torch
import Views

@testable import Contrast

/// What the tests of methods share.
enum MethodFixture {
    /// A model from the text of a pipeline's `method`, on the smallest encoder.
    static func model(_ text: String, data: TrainingData = TrainingData(pairs: 5, images: 10, seed: 3)) throws
        -> any ContrastiveModel
    {
        try method(text).build(encoder: architecture("convnet: {width: 2}"), data: data, generator: Generator(seed: 4))
    }

    /// The settings in the text of a pipeline's `method`.
    static func method(_ text: String) throws -> any Method {
        try ConfigurationReader(file: "test", text: "method: {\(text)}").read(Experiment.self).method.component
    }

    /// Branches of views of five images.
    static func branches(_ counts: [Int], stream: UInt64 = 1) throws -> [ViewTensor] {
        try counts.enumerated().map { branch, count in
            let values = Fixture.hashed(count * 5 * 3 * 64, stream: stream + UInt64(branch))
            return ViewTensor(images: try Tensor(values, shape: [count * 5, 3, 8, 8]).to(.float32), count: count)
        }
    }

    static func rows(_ tensor: Tensor) throws -> Naive.Rows {
        let (values, width): ([Double], Int) = (try tensor.toArray(), tensor.shape[1])
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }

    /// Rows of two views, exact in float32, of which the second leans on the first.
    static func views(_ stream: UInt64, count: Int = 6, width: Int = 5) -> [Naive.Rows] {
        let noise = [stream, stream + 1].map { stream in
            Fixture.hashed(count * width, stream: stream).map { ($0 * 64).rounded() / 64 }
        }
        return [noise[0], zip(noise[0], noise[1]).map { ($0 + $1) / 2 }].map { values in
            (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
        }
    }

    /// Expects the value and the gradient of a loss to be those of a formula: in float64 closely, in float32 to 2e-6
    /// and 1e-5.
    static func expect(
        _ views: [Naive.Rows], _ formula: ([Naive.Rows]) -> Double, _ loss: ([Tensor]) throws -> Tensor
    ) throws {
        let wanted = formula(views)
        let gradients = views.indices.map { view in
            Naive.gradient(views[view], step: 1e-3) { changed in
                var all = views
                all[view] = changed
                return formula(all)
            }
        }
        let largest = gradients.joined().joined().reduce(0.0) { max($0, abs($1)) }
        for (type, tolerance) in [(DType.float64, (1e-9, 1e-6)), (.float32, (2e-6, 1e-5))] {
            let tensors = try views.map { try Fixture.tensor($0).to(type) }
            for tensor in tensors { try tensor.setRequiresGrad() }
            let value = try loss(tensors)
            try value.backward()
            #expect(try abs(value.item() - wanted) <= tolerance.0 * max(1, abs(wanted)), "\(type)")
            for (tensor, gradient) in zip(tensors, gradients) {
                let found = try #require(try tensor.grad())
                #expect(try difference(found, gradient, floor: largest) <= tolerance.1, "\(type)")
            }
        }
    }

    /// Expects a gradient of every parameter that is trained, and that nothing but these parts is.
    static func expectGradients(of objective: Objective, in model: any ContrastiveModel, parts: Set<String>) throws {
        try objective.loss.backward()
        for (key, parameter) in model.namedParameters { #expect(try parameter.value.grad() != nil, "\(key)") }
        #expect(Set(model.namedParameters.map { String($0.key.prefix { $0 != "." }) }) == parts)
    }
}
