import Torch

/// A projector trained by MoCo.
final class MoCoModel: ContrastiveModel {
    let projector: Projector
    private let loss: any QueueLoss
    let momentum: MomentumNetwork
    let queue: KeyQueue
    private let settings: MoCo

    init(_ settings: MoCo, encoder: any EncoderSettings, generator: Generator) throws(TorchError) {
        projector = try Projector(encoder: encoder, head: settings.head.component, generator: generator)
        loss = try settings.loss.buildForQueue(dimension: projector.dimension, generator: generator)
        momentum = try MomentumNetwork(of: projector)
        queue = try KeyQueue(size: settings.queue, dimension: projector.dimension, generator: generator)
        self.settings = settings
    }

    var critic: (any Critic)? { loss.critic }

    func temperature(at progress: Double) -> Double? { loss.at(progress).currentTemperature }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        try momentum.follow(momentum: settings.momentum.value(at: batch.progress))
        let views = try batch.views()
        guard views.count >= 2 else {
            throw TorchError(operation: "moco", message: "needs two views of an image, was given \(views.count)")
        }
        // Views in order of their keys: the second one, and the first one too if the loss is symmetric.
        let keyed = settings.symmetric ? [0, 1] : [1]
        let queried = views.indices.filter { $0 != 1 || settings.symmetric }
        var (keys, queries): ([Tensor], [Tensor]) = ([], [])
        let groups = settings.normGroups
        for view in keyed {
            keys.append(try momentum.keys(of: views[view], in: batch, parts: BatchParts(count: groups, strided: true)))
        }
        for view in queried {
            queries.append(try batch.embed(views[view], by: projector, parts: BatchParts(count: groups)))
        }
        (keys, queries) = (try batch.gather(keys), try batch.gather(queries))
        let loss = loss.at(batch.progress)
        let count = settings.negatives.map { Int($0.value(at: batch.progress).rounded()) } ?? queue.size
        let negatives = try queue.newest(count)
        var mean = MeanLoss()
        for (view, query) in zip(queried, queries) {
            for (other, key) in zip(keyed, keys) where other != view {
                try mean.add(
                    loss(query, key, negatives: negatives), contrast: loss.contrast(query, key, negatives: negatives))
            }
        }
        try queue.append(Tensor.cat(keys, dim: 0))
        return try mean.objective(
            candidates: negatives.shape[0] + 1, embeddings: factors(of: queries[0], and: keys[keyed.count - 1]))
    }
}
