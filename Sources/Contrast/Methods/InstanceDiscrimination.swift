import Torch
import Views

/// Instance discrimination with a memory bank of the whole data set: Wu et al. 2018, arXiv 1805.01978.
///
/// Every image is a separate class, whose weight vector is the image's last embedding. A view attracts the row of its
/// image and repels K rows of other images, drawn for each step: `-log(e^{s(z, v_i)} / (e^{s(z, v_i)} + sum_K e^{s(z,
/// v_k)}))`. This softmax over K + 1 rows replaces the paper's noise-contrastive estimation, as in later work. Rows are
/// updated to `normalize(m v + (1 - m) z)`. One view of an image is enough; with several, the loss is their mean.
public struct InstanceDiscrimination: Method {
    /// `instance_discrimination`.
    public static let name = "instance_discrimination"

    /// The head that follows the encoder in training; one linear layer in the paper.
    public var head: Selected<HeadFamily>
    /// The loss; one that takes its negatives from a queue.
    public var loss: Selected<LossFamily>
    /// K, the number of negatives in a step; at most all other images.
    public var negatives: ScheduledValue = 4096.0
    /// m, the momentum of a row, 0..<1.
    public var momentum: ScheduledValue = 0.5

    /// The paper's settings: one linear layer to 128 dimensions, tau 0.07, K 4096, m 0.5.
    public init() {
        var linear = MLPHead()
        linear.layers = 1
        linear.output = 128
        head = Selected(linear)
        loss = Selected(InfoNCE(critic: CosineCritic(temperature: 0.07)))
    }

    /// One view; its positive is a row of the bank.
    public var requirements: MethodRequirements { MethodRequirements(views: 1, rowsOfImages: true) }

    /// Checks the ranges, and that the loss takes its negatives from elsewhere.
    public func validate() throws(InvalidSetting) {
        try require("negatives", negatives, "at least 1") { $0 >= 1 && $0.isFinite }
        try require("momentum", momentum, "in 0..<1") { $0 >= 0 && $0 < 1 }
        try loss.validateForQueue()
    }

    /// Checks that there is one process; each would have its own bank.
    public func validate(_ data: TrainingData) throws(InvalidSetting) {
        guard data.ranks == 1 else {
            throw InvalidSetting(
                "", "keeps its bank in one process, but there are \(data.ranks); use moco, whose queue is shared")
        }
    }

    /// Builds the projector, the loss and the bank.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try InstanceModel(self, encoder: encoder, data: data, generator: generator)
    }
}

/// A projector trained by instance discrimination.
final class InstanceModel: ContrastiveModel {
    let projector: Projector
    private let loss: any QueueLoss
    let bank: MemoryBank
    private let settings: InstanceDiscrimination

    init(
        _ settings: InstanceDiscrimination, encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) {
        projector = try Projector(encoder: encoder, head: settings.head.component, generator: generator)
        loss = try settings.loss.buildForQueue(dimension: projector.dimension, generator: generator)
        bank = try MemoryBank(
            images: data.images, dimension: projector.dimension, seed: data.seed, generator: generator)
        self.settings = settings
    }

    func temperature(at progress: Double) -> Double? { loss.at(progress).currentTemperature }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        guard let samples = batch.samples, samples.allSatisfy({ $0 >= 0 && $0 < bank.count }) else {
            throw TorchError(
                operation: InstanceDiscrimination.name, message: "the batch does not say which of the images it has")
        }
        guard bank.count > samples.count else {
            throw TorchError(
                operation: InstanceDiscrimination.name,
                message: "a batch holds all \(bank.count) images and none is left to repel; lower training.batch_size")
        }
        let loss = loss.at(batch.progress)
        let positives = try bank.rows(of: samples)
        let count = Int(settings.negatives.value(at: batch.progress).rounded())
        let negatives = try bank.rows(of: bank.draw(count, excluding: samples))
        var mean = MeanLoss()
        var embeddings: [Tensor] = []
        for z in try batch.embed(by: projector, viewByView: true) {
            try mean.add(
                loss(z, positives, negatives: negatives), contrast: loss.contrast(z, positives, negatives: negatives))
            embeddings.append(try z.detach())
        }
        try bank.update(
            samples, with: Tensor.mean(of: embeddings), momentum: settings.momentum.value(at: batch.progress))
        return try mean.objective(
            candidates: negatives.shape[0] + 1,
            embeddings: (embeddings[0], embeddings.count > 1 ? embeddings[1] : positives))
    }
}
