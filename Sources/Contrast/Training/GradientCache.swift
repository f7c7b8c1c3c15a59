import Torch

/// Sends a batch through networks in chunks, with the gradient of the whole batch: Gao et al. 2021, arXiv 2101.06983.
///
/// A contrastive loss needs all embeddings of a batch at once, but not all activations. First all chunks go forward
/// without a graph, and the loss gives its gradient with respect to their embeddings. Then each chunk goes forward
/// again, with a graph, and backward from its rows of that gradient. By the chain rule the sum over chunks is the
/// gradient of the whole batch. Activations need the memory of one chunk, at the cost of one more forward.
///
/// Batch norm sees each chunk alone, as it sees each device of a distributed run alone. Running statistics are updated
/// once for each chunk, in the first forward.
public final class GradientCache {
    /// A forward without a graph, and its embeddings.
    private struct Forward {
        var images: Tensor
        var embeddings: Tensor
        var modules: [any Module]
        var network: (Tensor) throws(TorchError) -> Tensor
    }

    /// The largest number of images in a chunk.
    public let chunk: Int
    private var forwards: [Forward] = []

    /// Makes a cache for one step.
    public init(chunk: Int) { self.chunk = chunk }

    private func parts(of images: Tensor) -> BatchParts {
        BatchParts(count: (images.shape[0] + chunk - 1) / chunk)
    }

    /// The network's rows for the images: a leaf of the graph, unless the network has no trained weights.
    func forward(
        _ images: Tensor, through modules: [any Module], _ network: @escaping (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let embeddings = try withoutGradients { () throws(TorchError) in try parts(of: images)(images, network) }
        guard modules.contains(where: { !$0.namedParameters.isEmpty }) else { return embeddings }
        try embeddings.setRequiresGrad()
        forwards.append(Forward(images: images, embeddings: embeddings, modules: modules, network: network))
        return embeddings
    }

    /// Takes the gradients of the embeddings back to the weights, chunk by chunk.
    func backward() throws(TorchError) {
        for forward in forwards {
            guard let gradient = try forward.embeddings.grad() else { continue }
            var buffers: [(buffer: Tensor, before: Tensor)] = []
            for module in forward.modules {
                for buffer in module.buffers { buffers.append((buffer, try buffer.clone())) }
            }
            var start = 0
            _ = try parts(of: forward.images)(forward.images) { (part: Tensor) throws(TorchError) in
                let rows = try forward.network(part)
                let length = rows.shape[0]
                try (rows * gradient.narrow(dim: 0, start: start, length: length)).sum().backward()
                start += length
                return try rows.detach()
            }
            for (buffer, before) in buffers { try buffer.copy(from: before) }
        }
        forwards.removeAll()
    }
}
