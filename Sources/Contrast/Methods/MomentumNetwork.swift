import Torch

/// A copy of a projector that follows it slowly and gives keys: He et al. 2020, arXiv 1911.05722, section 3.2.
///
/// It begins with equal weights. Its batch norm keeps separate running statistics, as in the authors' code.
final class MomentumNetwork: Module {
    let projector: Projector
    private let followed: FollowedParameters

    /// Makes a copy without gradients.
    init(of leader: Projector) throws(TorchError) {
        projector = try leader.frozenCopy()
        followed = try FollowedParameters(of: projector, leader: leader)
    }

    /// Updates the weights to `m own + (1 - m) leader`.
    func follow(momentum: Double) throws(TorchError) { try followed.follow(momentum: momentum) }

    /// The keys of every view, as `ContrastiveBatch.embed`, without gradients.
    func keys(of batch: ContrastiveBatch, viewByView: Bool, limit: Int) throws(TorchError) -> [Tensor] {
        try withoutGradients { () throws(TorchError) in
            try batch.embed(by: projector, viewByView: viewByView, limit: limit)
        }
    }

    /// The keys of images, without gradients.
    func keys(of images: Tensor, in batch: ContrastiveBatch, parts: BatchParts) throws(TorchError) -> Tensor {
        try withoutGradients { () throws(TorchError) in try batch.embed(images, by: projector, parts: parts) }
    }
}
