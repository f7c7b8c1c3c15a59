import Torch
import Views

/// The last embedding of every image of the data set: Wu et al. 2018, arXiv 1805.01978, section 3.
///
/// It begins with random unit vectors. The rows and the number of draws are state, so that a resumed run has the same
/// negatives.
final class MemoryBank: Module {
    /// `[images, D]`, unit rows without a gradient.
    let rows: Buffer
    /// The number of draws of negatives so far.
    let draws: Buffer
    private let seed: UInt64

    /// - Parameters:
    ///   - seed: the run's, for the draws of negatives.
    ///   - generator: draws the first rows.
    init(images: Int, dimension: Int, seed: UInt64, generator: Generator) throws(TorchError) {
        self.seed = seed
        rows = Buffer(try generator.normal([images, dimension], std: 1).normalizedRows())
        draws = Buffer(try .zeros([], dtype: .int64))
    }

    /// The images of the data set.
    var count: Int { rows.value.shape[0] }

    /// A copy of the rows of these images.
    func rows(of images: [Int]) throws(TorchError) -> Tensor {
        try rows.value.indexSelect(
            dim: 0, index: Tensor(images.map(Int64.init), shape: [images.count]).to(device: rows.value.device))
    }

    /// Random indices of `count` different images outside of `excluded`; all of them if there are fewer.
    func draw(_ count: Int, excluding excluded: [Int]) throws(TorchError) -> [Int] {
        let number = UInt64(try draws.value.item())
        try draws.value.copy(from: Tensor([Int64(number + 1)], shape: []))
        var taken = Set(excluded)
        let free = self.count - taken.count
        guard count < free else { return (0..<self.count).filter { !taken.contains($0) } }
        var stream = RandomStream(RandomKey(seed: seed, epoch: Int(number), purpose: .bankNegatives))
        var chosen: [Int] = []
        chosen.reserveCapacity(count)
        // If most are taken, random indices would rarely hit a free one.
        guard count * 2 < free else {
            let rest = (0..<self.count).filter { !taken.contains($0) }
            return stream.permutation(rest.count).prefix(count).map { rest[$0] }
        }
        while chosen.count < count {
            let image = stream.integer(below: self.count)
            if taken.insert(image).inserted { chosen.append(image) }
        }
        return chosen
    }

    /// Updates the rows of images to `normalize(m row + (1 - m) embedding)`.
    func update(_ images: [Int], with embeddings: Tensor, momentum: Double) throws(TorchError) {
        let moved = try (rows(of: images) * momentum + embeddings.detach().widened().normalizedRows() * (1 - momentum))
            .normalizedRows()
        for (row, image) in images.enumerated() {
            try rows.value.narrow(dim: 0, start: image, length: 1)
                .copy(from: moved.narrow(dim: 0, start: row, length: 1))
        }
    }
}
