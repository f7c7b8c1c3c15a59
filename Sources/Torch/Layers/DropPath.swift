import CTorch

/// Stochastic depth: Huang et al. 2016, arXiv 1603.09382. A branch of a residual block is 0 for some images, and
/// divided by the probability of being kept for the others.
///
/// Whether an image keeps a branch is a function of its pixel values, of given weights and of the branch, so that a
/// step that is computed again, in chunks, on other ranks or after a resumed run, drops the same branches.
public struct DropPath {
    /// A key for each image.
    private let keys: Tensor
    /// The probability that the last branch is dropped; it grows from 0 in equal steps.
    private let rate: Double
    /// The number of branches.
    private let branches: Int

    /// Makes the draws of one forward; nil if nothing is dropped.
    /// - Parameters:
    ///   - images: `[N, ...]`.
    ///   - weights: trained numbers, which change from step to step.
    ///   - rate: the probability that the last branch is dropped.
    ///   - branches: the number of branches.
    ///   - training: whether branches are dropped at all.
    public init?(
        images: Tensor, weights: Tensor, rate: Double, branches: Int, training: Bool
    ) throws(TorchError) {
        guard training, rate > 0, branches > 1 else { return nil }
        keys = try make("drop_path") { ctorch_image_keys(images.handle, weights.handle, $0) }
        self.rate = rate
        self.branches = branches
    }

    /// The values `[N, ...]` of a branch of residual block `block`.
    /// - Parameters:
    ///   - x: the values of the branch.
    ///   - block: the index of the block, 0..<branches, which determines the probability.
    ///   - part: the index of the branch in the block.
    public func callAsFunction(_ x: Tensor, block: Int, part: Int = 0) throws(TorchError) -> Tensor {
        let probability = rate * Double(block) / Double(branches - 1)
        guard probability > 0 else { return x }
        return try make("drop_path") {
            ctorch_drop_path(x.handle, keys.handle, Int64(8 * block + part), probability, $0)
        }
    }
}
