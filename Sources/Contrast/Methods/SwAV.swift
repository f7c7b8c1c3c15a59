import Torch
import Views

/// SwAV: Caron et al. 2020, arXiv 2006.09882, equation 2. Views of an image predict each other's assignment to
/// prototypes.
///
/// With the cosines `s = z C` of embeddings and prototypes, the mean over ordered pairs of different views of
/// `-q_i . log softmax(s_j / tau)`. The codes q_i are `Sinkhorn(s_i / epsilon)` without a gradient: prototypes share
/// the batch equally. Codes come from the views of the first branch, or from the first two views if it has one. If all
/// rows are equal it is about log K.
public struct SwAV: Method {
    /// `swav`.
    public static let name = "swav"

    /// The head that follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead(layers: 2, hidden: 2048, output: 128))
    /// K, the number of prototypes; at most the images of a batch and the queue are used at a time.
    public var prototypes = 3000
    /// tau, which divides the cosines in predictions.
    public var temperature = 0.1
    /// epsilon, which divides the cosines in codes.
    public var epsilon = 0.05
    /// The rounds of Sinkhorn's algorithm; 0 gives the softmax of each row alone, which collapses.
    public var rounds = 3
    /// The epochs in which the prototypes keep their directions.
    public var frozenEpochs = 1.0
    /// Earlier embeddings that take part in Sinkhorn's algorithm, for small batches; 0 for none.
    public var queue = 0
    /// The epochs before the queue takes part.
    public var queueEpochs = 15.0

    /// The paper's settings, without a queue.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("prototypes", prototypes, in: 2...1_000_000)
        try requireTemperature(ScheduledValue(temperature))
        try requireTemperature(ScheduledValue(epsilon), key: "epsilon")
        try require("rounds", rounds, in: 0...100)
        try require("frozen_epochs", frozenEpochs, in: 0...1e6)
        try require("queue", queue, in: 0...16_777_216)
        try require("queue_epochs", queueEpochs, in: 0...1e6)
    }

    /// Checks that there are images for the prototypes.
    public func validate(_ data: TrainingData) throws(InvalidSetting) {
        guard prototypes <= data.images else {
            throw InvalidSetting(
                "prototypes", "must be at most the \(data.images) images of the data, is \(prototypes)")
        }
    }

    /// Sinkhorn's algorithm.
    public var prevention: CollapsePrevention? {
        CollapsePrevention(
            method: SwAV.name,
            cause: rounds == 0
                ? "rounds is 0: without Sinkhorn's algorithm nothing shares the images out among prototypes."
                : "\(rounds) rounds of Sinkhorn's algorithm have not shared the images out among the prototypes.",
            remedy: [
                "method: {swav: {rounds: \(max(3, rounds))"
                    + (rounds < 3 ? "}}" : ", epsilon: \(epsilon / 2)}}   # sharper codes"),
                "# fewer prototypes than images of a batch, or a queue: {queue: 3840}",
            ],
            paper: "Caron et al. 2020, arXiv 2006.09882, table 8", judged: [.prototypes])
    }

    /// Builds the projector, the prototypes and the queue.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try SwAVModel(self, encoder: encoder, data: data, generator: generator)
    }

    /// Assignments `[N, K]` of N rows to K prototypes from cosines `[N, K]`: each row sums to 1, and columns have
    /// nearly equal sums (Cuturi 2013, arXiv 1306.0895).
    func codes(_ cosines: Tensor) throws(TorchError) -> Tensor {
        guard rounds > 0 else { return try (cosines / epsilon).softmax(dim: 1) }
        // The first round divides by the sums of columns, so that a factor of a column changes nothing, and no column
        // overflows or vanishes.
        var q = try ((cosines - cosines.max(dim: 0, keepdim: true)) / epsilon).exp()
        for _ in 0..<rounds {
            q = try q / q.sum(dim: 0, keepdim: true)
            q = try q / q.sum(dim: 1, keepdim: true)
        }
        return q
    }
}

/// A projector and prototypes trained by SwAV.
final class SwAVModel: ContrastiveModel {
    let projector: Projector
    let prototypes: Prototypes
    let queue: KeyQueue?
    let counter: StepCounter
    private let settings: SwAV

    init(
        _ settings: SwAV, encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) {
        projector = try Projector(encoder: encoder, head: settings.head.component, generator: generator)
        prototypes = try Prototypes(
            count: settings.prototypes, dimension: projector.dimension, generator: generator)
        queue =
            settings.queue > 0
            ? try KeyQueue(size: settings.queue, dimension: projector.dimension, generator: generator) : nil
        counter = try StepCounter(data)
        self.settings = settings
    }

    var companions: [(name: String, module: any Module)] { [(RunFolder.prototypesName, prototypes)] }

    func assignments(of embeddings: Tensor, at progress: Double) throws(TorchError) -> Tensor? {
        try withoutGradients { () throws(TorchError) in
            try (prototypes(embeddings) / settings.temperature).softmax(dim: 1)
        }
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        let step = try counter.next()
        let frozen = counter.isBefore(epochs: settings.frozenEpochs, step: step)
        let views = try batch.gather(batch.embed(by: projector))
        var cosines: [Tensor] = []
        for view in views { cosines.append(try prototypes(view, frozen: frozen)) }
        var mean = MeanLoss()
        for target in 0..<batch.targetViews {
            let codes = try withoutGradients { () throws(TorchError) in try self.codes(cosines[target].detach(), step) }
            for (view, scores) in cosines.enumerated() where view != target {
                mean.add(try -(codes * (scores / settings.temperature).logSoftmax(dim: 1)).sum(dim: 1).mean())
            }
        }
        for view in views.prefix(batch.targetViews) { try queue?.append(view.detach().widened().normalizedRows()) }
        return try mean.objective(candidates: nil, embeddings: (views[0].detach(), views[1].detach()))
    }

    /// The codes of a batch, with the rows of the queue once these all are embeddings.
    private func codes(_ cosines: Tensor, _ step: Int) throws(TorchError) -> Tensor {
        let count = cosines.shape[0]
        guard let queue, step * count >= queue.size, !counter.isBefore(epochs: settings.queueEpochs, step: step)
        else { return try settings.codes(cosines) }
        let earlier = try prototypes(queue.keys.value)
        return try settings.codes(Tensor.cat([cosines, earlier], dim: 0)).narrow(dim: 0, start: 0, length: count)
    }
}
