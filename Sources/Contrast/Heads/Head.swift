import Torch
import Views

/// A network between the encoder's features and the space of the loss; thrown away after training.
public protocol Head: Module {
    /// Embeddings `[N, output]` of features `[N, inputs]`.
    func callAsFunction(_ features: Tensor, training: Bool) throws(TorchError) -> Tensor
}

/// The settings from which a head is built.
public protocol HeadArchitecture: Component {
    /// Numbers of an embedding of features of `inputs` numbers.
    func dimension(inputs: Int) -> Int

    /// Builds the head with random weights.
    func build(inputs: Int, generator: Generator) throws(TorchError) -> any Head
}

/// The heads that a pipeline file can name.
public enum HeadFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any HeadArchitecture>(kind: "a head", [MLPHead.self, IdentityHead.self])
}
