import Torch

/// Sends a batch through networks in chunks, with the gradient of the whole batch: Gao et al. 2021, arXiv 2101.06983.
///
/// A contrastive loss needs all embeddings of a batch at once, but not all activations. All chunks pass first without a graph;
/// the loss of their embeddings gives its gradient with respect to these; then each chunk passes again, with a graph, and takes
/// its rows of that gradient back. By the chain rule the sum over chunks is the gradient of the whole batch. The memory of
/// activations is that of one chunk, the time that of one more forward pass.
///
/// Batch norm sees each chunk alone, as it sees the devices of a distributed run alone. Running statistics move once for a
/// chunk, in the first passage.
public final class GradientCache {
    /// A batch that passed without a graph, and what came out.
    private struct Passage {
        var images: Tensor
        var embeddings: Tensor
        var modules: [any Module]
        var network: (Tensor) throws(TorchError) -> Tensor
    }

    /// Images at most that pass at once.
    public let chunk: Int
    private var passages: [Passage] = []

    /// Makes a cache for one step.
    public init(chunk: Int) { self.chunk = chunk }

    private func parts(of images: Tensor) -> BatchParts {
        BatchParts(count: (images.shape[0] + chunk - 1) / chunk)
    }

    /// The network's rows for the images; a leaf of the graph, unless gradients are not recorded at all.
    func pass(
        _ images: Tensor, through modules: [any Module], _ network: @escaping (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let embeddings = try withoutGradients { () throws(TorchError) in try parts(of: images)(images, network) }
        guard modules.contains(where: { !$0.namedParameters.isEmpty }) else { return embeddings }
        try embeddings.setRequiresGrad()
        passages.append(Passage(images: images, embeddings: embeddings, modules: modules, network: network))
        return embeddings
    }

    /// Takes what `backward` left on the embeddings back to the networks' weights, chunk by chunk.
    func backward() throws(TorchError) {
        for passage in passages {
            guard let gradient = try passage.embeddings.grad() else { continue }
            var buffers: [(buffer: Tensor, before: Tensor)] = []
            for module in passage.modules {
                for buffer in module.buffers { buffers.append((buffer, try buffer.clone())) }
            }
            var start = 0
            _ = try parts(of: passage.images)(passage.images) { (part: Tensor) throws(TorchError) in
                let rows = try passage.network(part)
                let length = rows.shape[0]
                try (rows * gradient.narrow(dim: 0, start: start, length: length)).sum().backward()
                start += length
                return try rows.detach()
            }
            for (buffer, before) in buffers { try buffer.copy(from: before) }
        }
        passages.removeAll()
    }
}

extension ContrastiveBatch {
    /// The network's rows for the images in float32, all at once or as the batch's cache does it.
    /// - Parameter modules: what the network consists of.
    func pass(
        _ images: Tensor, through modules: [any Module], _ network: @escaping (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let rounded = { [precision] (part: Tensor) throws(TorchError) -> Tensor in
            try precision.run(on: part.device) { () throws(TorchError) in try network(part) }
        }
        return try StageClock.measure(clock, .forward) { () throws(TorchError) in
            guard let cache else { return try rounded(images) }
            return try cache.pass(images, through: modules, rounded)
        }
    }
}
