import Torch
import Views

/// SimSiam: Chen & He 2021, arXiv 2011.10566, algorithm 1. The prediction of one view attracts the embedding of another
/// view, which gets no gradient. There are no negatives.
///
/// The loss is the mean of `-cos(p_i, sg(z_j))` over the ordered pairs of different views, where j is a view of the
/// first branch, or one of the first two views if that has one. If all rows are equal it is -1.
public struct SimSiam: Method {
    /// `simsiam`.
    public static let name = "simsiam"

    /// The head that follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead(layers: 3, hidden: 2048, output: 2048, outputNorm: true))
    /// The head that follows for predictions; it keeps the dimension.
    public var predictor = Selected<HeadFamily>(MLPHead(layers: 2, hidden: 512, output: 2048))

    /// The paper's heads.
    public init() {}

    /// Checks that the predictor keeps the dimension.
    public func validate() throws(InvalidSetting) { try predictor.validate(after: head) }

    /// The predictor and the stopped gradient.
    public var prevention: CollapsePrevention? {
        let isBare = predictor.component is IdentityHead
        return CollapsePrevention(
            method: SimSiam.name,
            cause: isBare
                ? "Without a predictor, the stopped gradient does not keep embeddings apart."
                : "The stopped gradient and the predictor have not kept embeddings apart: where a gradient reaches the "
                    + "second view, one point satisfies the loss.",
            remedy: isBare
                ? ["method: {simsiam: {predictor: {mlp: {layers: 2, hidden: 512, output: 2048}}}}"]
                : [
                    "# stop the gradient of the second view, z2.detach(), as method.simsiam does",
                    "method: {simsiam: {head: {mlp: {layers: 3, output_norm: true}}}}",
                    "training: {schedule: {cosine: {warmup_epochs: 10}}}   # and halve the optimiser's lr",
                ],
            paper: "Chen & He 2021, arXiv 2011.10566, figure 2")
    }

    /// Builds the projector and the predictor.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        let projector = try Projector(encoder: encoder, head: head.component, generator: generator)
        return SimSiamModel(
            projector, try predictor.component.build(inputs: projector.dimension, generator: generator))
    }
}

/// A projector and a predictor trained by SimSiam.
final class SimSiamModel: ContrastiveModel {
    let projector: Projector
    let predictor: any Head

    init(_ projector: Projector, _ predictor: any Head) {
        self.projector = projector
        self.predictor = predictor
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        // Batch norm sees each view alone, as in the authors' code.
        let views = try batch.embed(by: projector, viewByView: true)
        var predictions: [Tensor] = []
        for view in views { predictions.append(try batch.apply(predictor, to: view)) }
        let queries = try batch.gather(predictions)
        let keys = try batch.gather(
            views.prefix(batch.targetViews).map { (view) throws(TorchError) in try view.detach() })
        return try NegativeCosine().mean(over: ViewPairs(queries: queries, keys: keys), labels: nil)
            .objective(candidates: nil, embeddings: (keys[0], keys[1]))
    }
}
