import Torch

/// The most probable classes of images.
struct Ranking {
    /// The classes of each row from best to worst, with their probabilities.
    let rows: [[(label: Int, probability: Float)]]

    /// Ranks probabilities `[N, classes]`; of equal probabilities the first class is better.
    init(_ probabilities: Tensor, best count: Int) throws(TorchError) {
        let values: [Float] = try probabilities.toArray()
        let classes = probabilities.shape[1]
        rows = (0..<probabilities.shape[0]).map { row in
            var best: [(label: Int, probability: Float)] = []
            for label in 0..<classes {
                let probability = values[row * classes + label]
                guard best.count < count || probability > best[best.count - 1].probability else { continue }
                let place = best.firstIndex { $0.probability < probability } ?? best.count
                best.insert((label, probability), at: place)
                if best.count > count { best.removeLast() }
            }
            return best
        }
    }
}
