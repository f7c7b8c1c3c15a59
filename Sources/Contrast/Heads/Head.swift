import Torch
import Views

/// A network from the encoder's features to the embeddings of the loss; discarded after training.
public protocol Head: Module {
    /// Embeddings `[N, output]` of features `[N, inputs]`.
    func callAsFunction(_ features: Tensor, training: Bool) throws(TorchError) -> Tensor
}

/// The settings of a head.
public protocol HeadSettings: Component {
    /// The dimension of an embedding; nil for the dimension of the features.
    var outputDimension: Int? { get }

    /// Builds the head with random weights.
    func build(inputs: Int, generator: Generator) throws(TorchError) -> any Head
}

extension HeadSettings {
    /// The dimension of an embedding of features of `inputs` dimensions.
    func dimension(inputs: Int) -> Int { outputDimension ?? inputs }
}

/// The heads that a pipeline file can name.
public enum HeadFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any HeadSettings>(kind: "a head", [MLPHead.self, IdentityHead.self])
}
