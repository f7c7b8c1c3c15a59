import Torch
import Views

/// CLIP: Radford et al. 2021, arXiv 2103.00020. An image and its caption attract, the other captions and images of the batch
/// repel.
///
/// Both towers end in a linear projection without bias to `dimension` numbers, and the objective is `CLIPLoss` with its learnt
/// temperature. One view of an image suffices; with more, each is contrasted with the caption, and the loss is their mean.
public struct CLIP: Method {
    /// `clip`.
    public static let name = "clip"

    /// The tower of the captions.
    public var text = TextTransformer()
    /// Its tokens.
    public var vocabulary = Vocabulary()
    /// Numbers of an embedding.
    public var dimension = 512
    /// The objective, with the temperature at the beginning.
    public var loss = CLIPLoss()
    /// Which part of a caption's text counts.
    public var captions = CaptionText.firstLine
    /// What is done with an image that has no caption.
    public var missing = MissingCaptions.fail
    /// Whether a caption that is longer than the context is cut; else the run does not begin.
    public var truncate = false

    /// The settings of the paper, with a vocabulary of the run's own.
    public init() {}

    /// Checks the range.
    public func validate() throws(InvalidSetting) { try require("dimension", dimension, in: 1...65_536) }

    /// One: the caption is the other.
    public var minimumViews: Int { 1 }

    /// Builds both towers.
    public func build(
        encoder: any EncoderArchitecture, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try CLIPModel(self, encoder: encoder, generator: generator)
    }
}

/// An image tower and a text tower trained by CLIP.
final class CLIPModel: ContrastiveModel {
    let encoder: any Encoder
    let head: any Head
    let text: TextTower
    let loss: LearnedTemperatureLoss

    init(_ settings: CLIP, encoder: any EncoderArchitecture, generator: Generator) throws(TorchError) {
        self.encoder = try encoder.build(generator: generator)
        head = try Projection(
            inputs: self.encoder.dimension, output: settings.dimension, generator: generator)
        text = try TextTower(
            settings.text, tokens: settings.vocabulary.tokens, output: settings.dimension, generator: generator)
        loss = try LearnedTemperatureLoss(settings.loss)
    }

    var companions: [(name: String, module: any Module)] { [(RunFolder.textName, text)] }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        guard let tokens = batch.tokens else {
            throw TorchError(operation: "clip", message: "the batch has no captions")
        }
        var texts = try batch.pass(tokens, through: [text]) { [self] part throws(TorchError) in try text(part) }
        var images: [Tensor] = []
        for branch in batch.branches {
            let all = try batch.pass(branch.images, through: [encoder, head]) { [self] part throws(TorchError) in
                try head(encoder(part, training: true), training: true)
            }
            images += try all.chunk(branch.count, dim: 0)
        }
        images = try batch.gather(images + [texts])
        texts = images.removeLast()
        var losses: [Tensor] = []
        for image in images { losses.append(try loss(image, texts, labels: nil)) }
        return Objective(
            loss: try mean(losses), candidates: loss.candidates(pairs: texts.shape[0]), contrast: nil,
            embeddings: (try images[0].detach(), try texts.detach()))
    }
}

/// The projection of an image's features: linear, without bias.
final class Projection: Head {
    let projection: Linear

    init(inputs: Int, output: Int, generator: Generator) throws(TorchError) {
        projection = try Linear(
            inputs, output, bias: false, deviation: 1 / Double(inputs).squareRoot(), generator: generator)
    }

    func callAsFunction(_ features: Tensor, training: Bool) throws(TorchError) -> Tensor { try projection(features) }
}
