import Torch

/// K prototypes of unit length, and the cosines of embeddings with them: a linear layer without bias on unit rows.
final class Prototypes: Module {
    /// `[K, D]`; rows count by their direction alone.
    let weight: Parameter
    private let shape: (count: Int, dimension: Int)

    init(count: Int, dimension: Int, generator: Generator) throws(TorchError) {
        shape = (count, dimension)
        weight = try Parameter(generator.normal([count, dimension], std: 1).normalizedRows())
    }

    /// A copy without gradients.
    func frozenCopy() throws(TorchError) -> Prototypes {
        let copy = try Prototypes(count: shape.count, dimension: shape.dimension, generator: Generator(seed: 0))
        try copy.weight.value.detach().copy(from: weight.value.detach())
        try copy.freeze()
        return copy
    }

    /// The cosines `[N, K]` of embeddings `[N, D]` with the prototypes.
    /// - Parameter frozen: whether the gradient of the prototypes is 0. The direction of a row then does not change,
    ///   as weight decay scales it only.
    func callAsFunction(_ embeddings: Tensor, frozen: Bool = false) throws(TorchError) -> Tensor {
        var rows = try weight.value.normalizedRows()
        // Not detached: ranks wait for a gradient of every parameter.
        if frozen { rows = try rows.detach() + rows * 0 }
        return try embeddings.widened().normalizedRows().matmul(rows.transpose(0, 1))
    }
}

/// Counts the steps of a run, so that a setting in epochs holds in a resumed run too.
final class StepCounter: Module {
    /// The steps so far.
    let steps: Buffer
    private let stepsPerEpoch: Int

    init(_ data: TrainingData) throws(TorchError) {
        steps = Buffer(try .zeros([], dtype: .int64))
        stepsPerEpoch = max(1, data.images / max(1, data.pairs))
    }

    /// Counts a step, and gives its number from 0.
    func next() throws(TorchError) -> Int {
        let step = Int(try steps.value.item())
        try steps.value.copy(from: Tensor([Int64(step + 1)], shape: []))
        return step
    }

    /// Whether a step comes before the end of so many epochs.
    func isBefore(epochs: Double, step: Int) -> Bool { Double(step) < epochs * Double(stepsPerEpoch) }
}
