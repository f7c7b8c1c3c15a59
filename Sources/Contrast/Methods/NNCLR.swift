import Torch
import Views

/// NNCLR: Dwibedi et al. 2021, arXiv 2104.14548, equation 3. The nearest neighbour of a view among earlier embeddings
/// is the positive of the prediction of another view.
///
/// The loss is the mean of `loss(NN(z_i), p_j)` over the ordered pairs of different views of which i is a view of the
/// first branch, or one of the first two views if that has one. NN takes the support queue's row of the largest cosine,
/// without a gradient. The queue then takes the embeddings of the first view.
public struct NNCLR: Method {
    /// `nnclr`.
    public static let name = "nnclr"

    /// The head that follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead(layers: 3, hidden: 2048, output: 256, outputNorm: true))
    /// The head that follows for predictions; it keeps the dimension.
    public var predictor = Selected<HeadFamily>(MLPHead(layers: 2, hidden: 4096, output: 256))
    /// The loss of pairs of neighbours and predictions.
    public var loss = Selected<LossFamily>(InfoNCE())
    /// The rows of the support queue. The paper uses 98,304 for ImageNet.
    public var queue = 16_384

    /// The paper's heads and temperature, with a smaller queue.
    public init() {}

    /// Checks the queue, and that the predictor keeps the dimension.
    public func validate() throws(InvalidSetting) {
        try require("queue", queue, in: 1...16_777_216)
        try predictor.validate(after: head)
    }

    /// Labels as its loss uses them.
    public var requirements: MethodRequirements { MethodRequirements(labels: loss.component.labelUse) }

    /// Checks the loss against the data.
    public func validate(_ data: TrainingData) throws(InvalidSetting) { try loss.validate(data) }

    /// Builds the projector, the predictor, the loss and the support queue.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try NNCLRModel(self, encoder: encoder, generator: generator)
    }
}

/// A projector and a predictor trained by NNCLR.
final class NNCLRModel: ContrastiveModel {
    let projector: Projector
    let predictor: any Head
    private let loss: any Loss
    let queue: KeyQueue

    init(_ settings: NNCLR, encoder: any EncoderSettings, generator: Generator) throws(TorchError) {
        projector = try Projector(encoder: encoder, head: settings.head.component, generator: generator)
        predictor = try settings.predictor.component.build(inputs: projector.dimension, generator: generator)
        loss = try settings.loss.component.build(dimension: projector.dimension, generator: generator)
        queue = try KeyQueue(size: settings.queue, dimension: projector.dimension, generator: generator)
    }

    var critic: (any Critic)? { loss.critic }

    func temperature(at progress: Double) -> Double? { loss.at(progress).currentTemperature }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        let views = try batch.embed(by: projector, viewByView: true)
        var predictions: [Tensor] = []
        for view in views { predictions.append(try batch.apply(predictor, to: view)) }
        let embeddings = try batch.gather(
            views.prefix(batch.targetViews).map { (view) throws(TorchError) in
                try view.detach()
            })
        var neighbours: [Tensor] = []
        for rows in embeddings {
            let nearest = try rows.widened().matmul(queue.keys.value.transpose(0, 1)).argmax(dim: 1)
            neighbours.append(try queue.keys.value.indexSelect(dim: 0, index: nearest))
        }
        try queue.append(embeddings[0].widened().normalizedRows())
        let queries = try batch.gather(predictions)
        // Neighbours are anchors, so they come first in the loss.
        var mean = MeanLoss()
        let loss = loss.at(batch.progress)
        for (i, neighbour) in neighbours.enumerated() {
            for (j, prediction) in queries.enumerated() where j != i {
                try mean.add(
                    loss(neighbour, prediction, labels: batch.labels), contrast: loss.contrast(neighbour, prediction))
            }
        }
        return try mean.objective(
            candidates: loss.candidates(pairs: neighbours[0].shape[0]), embeddings: (embeddings[0], embeddings[1]))
    }
}
