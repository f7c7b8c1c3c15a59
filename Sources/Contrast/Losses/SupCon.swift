import Torch
import Views

/// Supervised contrastive learning: Khosla et al. 2020, arXiv 2004.11362, equation 2 (the sum outside of the
/// logarithm).
///
/// Over the 2N views, the mean of the mean over an anchor's positives p (its other view and all views of its class) of
/// `-s(i, p) + log sum_{j != i} e^{s(i, j)}`. Without shared labels it is NT-Xent; images of unknown class share none.
/// Unlike the authors' code it does not multiply by tau / 0.07. It bounds no mutual information, so NT-Xent's bound on
/// the same scores is reported beside it.
///
/// Where images have sets of labels, the mean over an anchor's positives is weighted by the Jaccard index of the two
/// sets, `w(i, p) = |L(i) and L(p)| / |L(i) or L(p)|`, as in the Jaccard similarity contrastive loss of Lin et al. 2022,
/// arXiv 2212.00552. The weights are divided by their sum, so that every anchor counts the same; the other view has
/// weight 1. With one label in each set it is the loss above.
public struct SupCon: SimilarityLoss {
    /// `sup_con`.
    public static let name = "sup_con"

    /// tau, which divides the similarities.
    public var temperature: ScheduledValue = 0.1
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.1 on normalized rows.
    public init() {}

    /// Images that share labels are positives of each other.
    public var labelUse: LabelUse { .welcome }

    /// Checks that there are two classes.
    public func validate(_ data: TrainingData) throws(InvalidSetting) {
        guard data.classes >= 2 else {
            throw InvalidSetting(
                "", "needs images of two classes at least, there are \(data.classes); without labels take nt_xent"
            )
        }
    }

    func loss(_ scores: ViewScores, labels: LabelSets?) throws(TorchError) -> Tensor {
        let labels = labels ?? LabelSets(Array(repeating: [], count: scores.images))
        guard labels.count == scores.images else {
            throw TorchError(
                operation: "sup_con", message: "there are \(labels.count) labels for \(scores.images) pairs")
        }
        let weights = try scores.similarities(labels)
        let positives = try (scores.all() * weights).sum(dim: 1) / weights.sum(dim: 1)
        return try scores.mean(scores.others().logsumexp(dim: 1) - positives)
    }
}
