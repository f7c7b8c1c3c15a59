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

extension Selected<HeadFamily> {
    /// Checks that a predictor keeps the dimension of the head before it.
    func validate(after head: Self) throws(InvalidSetting) {
        // If the head keeps the encoder's dimension, only the run knows it.
        guard let output = head.component.outputDimension else { return }
        let predicted = component.dimension(inputs: output)
        guard predicted == output else {
            throw InvalidSetting("predictor.\(name).output", "must be the head's \(output), is \(predicted)")
        }
    }
}

/// The heads that a pipeline file can name.
public enum HeadFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any HeadSettings>(kind: "a head", [MLPHead.self, IdentityHead.self])
}
