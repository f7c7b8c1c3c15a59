extension RandomKey {
    /// What random draws are for that do not belong to one view.
    ///
    /// A key holds either a view or a purpose. Views count up from 0 and purposes down from 0xFFFF, so no two streams
    /// of one seed overlap. If a value changes, the same seed gives other draws.
    public enum Purpose: Int, CaseIterable, Sendable {
        /// Augmentations that all views of an image share.
        case trunk = 0xFFFF
        /// The order of an epoch; `sample` is 0, or the rank plus 1 for the shuffle buffer of that rank.
        case order = 0xFFFE
        /// A split into train and test; `sample` is the class.
        case split = 0xFFFD
        /// The order of images in shards.
        case pack = 0xFFFC
        /// Mixing of the images of a batch; `sample` is the batch's index in the epoch.
        case mix = 0xFFFB
        /// Negatives from a memory bank; `epoch` counts the draws.
        case bankNegatives = 0xFFFA
        /// Bootstrap resamples; `sample` is the replicate.
        case bootstrap = 0xFFF9
        /// The order of the pairs that a diagnosis measures.
        case diagnosedPairs = 0xFFF8
        /// The images that a diagnosis embeds.
        case diagnosedImages = 0xFFF7
        /// The images that a report shows.
        case reportedImages = 0xFFF6
        /// Negatives of the gradient curve; `sample` is the subset, `node` the number of negatives.
        case curveNegatives = 0xFFF5
        /// Images that are compared to find copies across train and test; `sample` is 0 for train, 1 for test.
        case comparedImages = 0xFFF4
        /// The split of pairs for a critic into train, validation and test.
        case criticSplit = 0xFFF3
        /// The batches that train a critic; `epoch` is the critic's.
        case criticBatches = 0xFFF2
        /// Directions that embeddings are projected on; `epoch` counts the steps.
        case sketchDirections = 0xFFF1
        /// Training labels that a probe gets; `epoch` is the draw, `sample` the class.
        case fewLabels = 0xFFF0
        /// Folds of a cross-validation.
        case folds = 0xFFEF
    }

    /// Makes the key of draws for a purpose.
    public init(seed: UInt64, epoch: Int = 0, sample: Int = 0, purpose: Purpose, node: Int = 0) {
        self.init(seed: seed, epoch: epoch, sample: sample, view: purpose.rawValue, node: node)
    }
}
