import Torch

/// The mean of several losses, and of the contrasts beside them.
struct MeanLoss {
    private var losses: [Tensor] = []
    private var contrasts: [Tensor] = []

    init() {}

    /// Begins with one loss.
    init(_ loss: Tensor, contrast: Tensor?) { add(loss, contrast: contrast) }

    mutating func add(_ loss: Tensor, contrast: Tensor? = nil) {
        losses.append(loss)
        if let contrast { contrasts.append(contrast) }
    }

    /// The objective of a step whose bound has so many candidates.
    func objective(
        candidates: Int?, embeddings: (first: Tensor, second: Tensor)
    ) throws(TorchError) -> Objective {
        Objective(
            loss: try Tensor.mean(of: losses), candidates: candidates,
            contrast: contrasts.isEmpty ? nil : try Tensor.mean(of: contrasts), embeddings: embeddings)
    }
}
