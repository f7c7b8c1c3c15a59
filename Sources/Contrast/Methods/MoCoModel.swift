import Torch

/// An encoder and a head trained by MoCo.
final class MoCoModel: ContrastiveModel {
    let encoder: any Encoder
    let head: any Head
    private let loss: any QueueLoss
    var critic: (any ScoreFunction)? { (loss as? InfoNCELoss)?.critic }
    let momentum: MomentumNetwork
    let queue: KeyQueue
    private let settings: MoCo

    init(
        encoder: any Encoder, head: any Head, loss: any QueueLoss, momentum: MomentumNetwork, queue: KeyQueue,
        settings: MoCo
    ) {
        self.encoder = encoder
        self.head = head
        self.loss = loss
        self.momentum = momentum
        self.queue = queue
        self.settings = settings
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        try momentum.follow(momentum: settings.momentum.value(at: batch.progress))
        let views = try batch.views()
        let givesKeys = { (view: Int) in view == 1 || view == 0 && self.settings.symmetric }
        var keys: [Int: Tensor] = [:]
        var queries: [Int: Tensor] = [:]
        for (view, images) in views.enumerated() {
            if givesKeys(view) {
                keys[view] = try momentum(
                    images, parts: BatchParts(count: settings.normGroups, dealt: true), of: batch)
            }
            guard view != 1 || settings.symmetric else { continue }
            queries[view] = try BatchParts(count: settings.normGroups)(images) { (part: Tensor) throws(TorchError) in
                try batch.pass(part, through: [encoder, head]) { [self] chunk throws(TorchError) in
                    try head(encoder(chunk, training: true), training: true)
                }
            }
        }
        for (view, key) in keys.sorted(by: { $0.key < $1.key }) { keys[view] = try batch.gather(key) }
        for (view, query) in queries.sorted(by: { $0.key < $1.key }) { queries[view] = try batch.gather(query) }
        let loss = loss.at(batch.progress)
        let count = settings.negatives.map { Int($0.value(at: batch.progress).rounded()) } ?? queue.size
        let negatives = try queue.newest(count)
        var losses: [Tensor] = []
        var contrasts: [Tensor] = []
        for (view, query) in queries.sorted(by: { $0.key < $1.key }) {
            for (other, key) in keys.sorted(by: { $0.key < $1.key }) where other != view {
                losses.append(try loss(query, key, negatives: negatives))
                if let contrast = try loss.contrast(query, key, negatives: negatives) { contrasts.append(contrast) }
            }
        }
        let new = keys.sorted { $0.key < $1.key }.map(\.value)
        try queue.append(Tensor.cat(new, dim: 0))
        guard let first = queries[0], let second = keys[1] else {
            throw TorchError(operation: "moco", message: "needs two views of an image, was given \(views.count)")
        }
        return Objective(
            loss: try mean(losses), candidates: negatives.shape[0] + 1,
            contrast: contrasts.isEmpty ? nil : try mean(contrasts),
            embeddings: try compared(first, second))
    }
}
