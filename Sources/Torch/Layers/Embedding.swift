import CTorch

/// A table of rows that are looked up by their numbers.
public final class Embedding: Module {
    let weight: Parameter

    /// Makes a table of `count` rows of `width` numbers, normal with a deviation.
    public init(_ count: Int, _ width: Int, deviation: Double, generator: Generator) throws(TorchError) {
        weight = try Parameter(generator.normal([count, width], deviation: deviation))
    }

    /// The rows that `indices`, int64 of any shape, names: that shape and `width`.
    /// - Throws: `TorchError` where a number has no row.
    public func callAsFunction(_ indices: Tensor) throws(TorchError) -> Tensor {
        try make("embedding") { ctorch_embedding(weight.value.handle, indices.handle, $0) }
    }
}
