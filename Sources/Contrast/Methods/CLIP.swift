import Torch
import Views

/// CLIP: Radford et al. 2021, arXiv 2103.00020. An image and its caption attract, the other captions and images of the
/// batch repel.
///
/// Both towers end in a linear projection without bias to `dimension` dimensions. The loss is `CLIPLoss` with its
/// learned temperature. One view of an image is enough; with more, each is contrasted with the caption, and the loss is
/// their mean.
public struct CLIP: CaptionedMethod {
    /// `clip`.
    public static let name = "clip"

    /// The text tower.
    public var text = TextTransformer()
    /// The vocabulary of its tokens.
    public var vocabulary = Vocabulary()
    /// The dimension of an embedding.
    public var dimension = 512
    /// The loss, with the initial temperature.
    public var loss = CLIPLoss()
    /// The part of a caption's text that counts.
    public var captions = CaptionText.firstLine
    /// What happens to an image without a caption.
    public var missing = MissingCaptions.fail
    /// Whether a caption that is longer than the context is cut; otherwise it is an error.
    public var truncate = false

    /// The paper's settings, with a vocabulary learned from the captions.
    public init() {}

    /// Checks the range.
    public func validate() throws(InvalidSetting) { try require("dimension", dimension, in: 1...65_536) }

    /// One view; its pair is the caption.
    public var requirements: MethodRequirements { MethodRequirements(views: 1, captions: true) }

    /// Builds both towers.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try CLIPModel(self, encoder: encoder, generator: generator)
    }
}

/// An image tower and a text tower trained by CLIP.
final class CLIPModel: ContrastiveModel {
    let projector: Projector
    let text: TextTower
    let loss: LearnedTemperatureLoss

    init(_ settings: CLIP, encoder: any EncoderSettings, generator: Generator) throws(TorchError) {
        var projection = ProjectionHead()
        projection.output = settings.dimension
        projector = try Projector(encoder: encoder, head: projection, generator: generator)
        text = try TextTower(
            settings.text, tokens: settings.vocabulary.tokens, output: settings.dimension, generator: generator)
        loss = try LearnedTemperatureLoss(settings.loss)
    }

    var companions: [(name: String, module: any Module)] { [(RunFolder.textName, text)] }

    /// The learned tau.
    func temperature(at progress: Double) -> Double? { loss.currentTemperature }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        guard let tokens = batch.tokens else {
            throw TorchError(operation: "clip", message: "the batch has no captions")
        }
        let texts = try batch.forward(tokens, through: [text]) { [text] part throws(TorchError) in try text(part) }
        var images = try batch.gather(batch.embed(by: projector) + [texts])
        let captions = images.removeLast()
        var mean = MeanLoss()
        for image in images { mean.add(try loss(image, captions, labels: nil)) }
        return try mean.objective(
            candidates: loss.candidates(pairs: captions.shape[0]), embeddings: (images[0].detach(), captions.detach()))
    }
}

/// The head of the image tower: linear, without bias.
struct ProjectionHead: HeadSettings {
    static let name = "projection"
    var output = 512
    var outputDimension: Int? { output }

    func build(inputs: Int, generator: Generator) throws(TorchError) -> any Head {
        try Projection(inputs: inputs, output: output, generator: generator)
    }
}

/// The network of `ProjectionHead`.
final class Projection: Head {
    let projection: Linear

    init(inputs: Int, output: Int, generator: Generator) throws(TorchError) {
        projection = try Linear(
            inputs, output, bias: false, std: 1 / Double(inputs).squareRoot(), generator: generator)
    }

    func callAsFunction(_ features: Tensor, training: Bool) throws(TorchError) -> Tensor { try projection(features) }
}
