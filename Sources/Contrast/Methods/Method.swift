import Torch
import Views

/// A way to learn without labels: an objective and what it needs beside the encoder.
public protocol Method: Component {
    /// Builds what is trained around an encoder; random weights are drawn from `generator` in a fixed order.
    func build(encoder: any Encoder, generator: Generator) throws(TorchError) -> any ContrastiveModel
}

/// The methods that a pipeline file can name.
public enum MethodFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any Method>(kind: "a method", [SimCLR.self])
}

/// What is trained: the encoder, and whatever its method adds.
public protocol ContrastiveModel: Module {
    /// The network whose weights are the result.
    var encoder: any Encoder { get }
    /// What follows it in training only.
    var head: any Head { get }

    /// The objective of one batch.
    /// - Parameter branches: for each branch its views, `[count * N, 3, H, W]`, all first views before all second ones.
    func objective(_ branches: [ViewTensor]) throws(TorchError) -> Objective
}

/// The views of one branch in one tensor.
public struct ViewTensor {
    /// `[count * N, 3, H, W]`, view by view.
    public var images: Tensor
    /// Views of each sample.
    public var count: Int

    /// Makes a value.
    public init(images: Tensor, count: Int) {
        self.images = images
        self.count = count
    }
}

/// What a step minimises, and what it says about mutual information.
public struct Objective {
    /// A scalar with a gradient, in nats.
    public var loss: Tensor
    /// Candidates of the bound `log(candidates) - loss`; nil where the objective bounds nothing.
    public var candidates: Int?
    /// The embeddings of the first two views, detached, `[N, D]` each.
    public var embeddings: (first: Tensor, second: Tensor)
}
