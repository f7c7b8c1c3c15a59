import CTorch

/// A table of rows, looked up by index.
public final class Embedding: Module {
    let weight: Parameter

    /// Makes a table of `count` rows of `width` dimensions, normal with a standard deviation.
    public init(_ count: Int, _ width: Int, std: Double, generator: Generator) throws(TorchError) {
        weight = try Parameter(generator.normal([count, width], std: std))
    }

    /// The rows at `indices`, int64 of any shape: that shape and `width`.
    /// - Throws: `TorchError` if an index has no row.
    public func callAsFunction(_ indices: Tensor) throws(TorchError) -> Tensor {
        try make("embedding") { ctorch_embedding(weight.value.handle, indices.handle, $0) }
    }
}
