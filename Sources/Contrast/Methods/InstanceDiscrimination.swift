import Torch
import Views

/// Instance discrimination with a memory bank of the whole data set: Wu et al. 2018, arXiv 1805.01978.
///
/// Every image is a class of its own, whose weight vector is the image's last embedding. A view attracts its image's row and
/// repels K rows of other images, drawn anew for each step: `-log(e^{s(z, v_i)} / (e^{s(z, v_i)} + sum_K e^{s(z, v_k)}))`.
/// The paper's noise-contrastive estimate is replaced by this softmax over K + 1, as later work has it; the bank's rows move
/// by `normalise(m v + (1 - m) z)`. One view an image suffices; with several, the loss is their mean.
public struct InstanceDiscrimination: Method {
    /// `instance_discrimination`.
    public static let name = "instance_discrimination"

    /// What follows the encoder in training; one linear layer in the paper.
    public var head: Selected<HeadFamily>
    /// The objective; one that takes its negatives from a queue.
    public var loss: Selected<LossFamily>
    /// K, the rows that repel in a step; all of other images where there are fewer.
    public var negatives: Course = 4096.0
    /// m, the share of itself that a row keeps, 0..<1.
    public var momentum: Course = 0.5

    /// The paper's settings: one linear layer to 128 numbers, tau 0.07, K 4096, m 0.5.
    public init() {
        var linear = MLPHead()
        linear.layers = 1
        linear.output = 128
        head = Selected(linear)
        loss = Selected(InfoNCE(critic: CosineCritic(temperature: 0.07)))
    }

    /// A row is what a view is compared with.
    public var minimumViews: Int { 1 }

    /// The bank has a row for each image.
    public var hasRowsOfImages: Bool { true }

    /// Checks the ranges, and that the loss takes negatives from elsewhere.
    public func validate() throws(InvalidSetting) {
        try require("negatives", negatives, "at least 1") { $0 >= 1 && $0.isFinite }
        try require("momentum", momentum, "in 0..<1") { $0 >= 0 && $0 < 1 }
        try requireQueueObjective(loss)
    }

    /// Checks that there is one process: each would have a bank of its own.
    public func validate(ranks: Int) throws(InvalidSetting) {
        throw InvalidSetting("", "keeps its bank in one process, there are \(ranks); take moco, whose queue is shared")
    }

    /// Builds the encoder, the head, and the bank of one row, which evaluation has no use for.
    public func build(
        encoder: any EncoderArchitecture, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try build(encoder: encoder, images: 1, classes: 0, generator: generator)
    }

    /// Builds the encoder, the head and the bank.
    public func build(
        encoder: any EncoderArchitecture, images: Int, classes: Int, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        let network = try encoder.build(generator: generator)
        let projection = try head.component.build(inputs: network.dimension, generator: generator)
        let dimension = head.component.dimension(inputs: network.dimension)
        guard let objective = loss.component as? any QueueObjective else {
            throw TorchError(operation: InstanceDiscrimination.name, message: "\(loss.name) takes no negatives")
        }
        return InstanceModel(
            encoder: network, head: projection,
            loss: try objective.buildForQueue(dimension: dimension, generator: generator),
            bank: try MemoryBank(images: images, dimension: dimension, generator: generator), settings: self)
    }
}

/// An encoder and a head trained by instance discrimination.
final class InstanceModel: ContrastiveModel {
    let encoder: any Encoder
    let head: any Head
    private let loss: any QueueLoss
    let bank: MemoryBank
    private let settings: InstanceDiscrimination

    init(
        encoder: any Encoder, head: any Head, loss: any QueueLoss, bank: MemoryBank,
        settings: InstanceDiscrimination
    ) {
        self.encoder = encoder
        self.head = head
        self.loss = loss
        self.bank = bank
        self.settings = settings
    }

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
        let positives = try bank.values(of: samples)
        let count = Int(settings.negatives.value(at: batch.progress).rounded())
        let negatives = try bank.values(of: bank.draw(count, excluding: samples))
        var losses: [Tensor] = []
        var contrasts: [Tensor] = []
        var embeddings: [Tensor] = []
        for images in try batch.views() {
            let z = try batch.pass(images, through: [encoder, head]) { [self] part throws(TorchError) in
                try head(encoder(part, training: true), training: true)
            }
            losses.append(try loss(z, positives, negatives: negatives))
            if let contrast = try loss.contrast(z, positives, negatives: negatives) { contrasts.append(contrast) }
            embeddings.append(try z.detach())
        }
        try bank.update(
            samples, with: mean(embeddings), momentum: settings.momentum.value(at: batch.progress))
        return Objective(
            loss: try mean(losses), candidates: negatives.shape[0] + 1,
            contrast: contrasts.isEmpty ? nil : try mean(contrasts),
            embeddings: (embeddings[0], embeddings.count > 1 ? embeddings[1] : positives))
    }

    /// The mean of tensors of one shape.
    private func mean(_ rows: [Tensor]) throws(TorchError) -> Tensor {
        rows.count == 1 ? rows[0] : try Tensor.stack(rows, dim: 0).mean(dim: 0)
    }
}
