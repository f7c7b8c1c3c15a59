import Torch
import Views

/// Chooses C of the linear probe by cross-validation on the training images.
struct CostSearch {
    /// The values that are tried.
    static let costs = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10]
    /// The most images that are used, so that the search takes less time than the features.
    static let most = 10_000

    /// The C with the best accuracy over stratified folds, the smallest if several are equal; nil if a class has only
    /// one image.
    /// - Parameters:
    ///   - features: `[N, D]`.
    ///   - labels: N classes in `0..<classes`.
    ///   - seed: the seed of the folds.
    static func choose(
        features: Tensor, labels: [Int], classes: Int, seed: UInt64, progress: () -> Void = {}
    ) throws(TorchError) -> Double? {
        var counts = [Int](repeating: 0, count: classes)
        for label in labels { counts[label] += 1 }
        guard let least = counts.min(), least >= 2 else { return nil }
        let folds = min(least, labels.count > 2000 ? 3 : 5)
        // The images of each class are assigned to the folds in turn, in a random order.
        var fold = [Int](repeating: -1, count: labels.count)
        var next = [Int](repeating: 0, count: classes)
        var stream = RandomStream(RandomKey(seed: seed, purpose: .folds))
        for place in stream.permutation(labels.count).prefix(most) {
            fold[place] = next[labels[place]] % folds
            next[labels[place]] += 1
        }
        var right = [Int](repeating: 0, count: costs.count)
        for part in 0..<folds {
            let learnt = labels.indices.filter { fold[$0] >= 0 && fold[$0] != part }
            let judged = labels.indices.filter { fold[$0] == part }
            let (rows, queries) = (try features.rows(learnt), try features.rows(judged))
            for (index, cost) in costs.enumerated() {
                progress()
                let probe = try LinearProbe(
                    features: rows, labels: learnt.map { labels[$0] }, classes: classes, cost: cost,
                    maximumIterations: 200)
                for (place, ranked) in zip(judged, try probe.ranking(queries, count: 1))
                where ranked[0] == labels[place] {
                    right[index] += 1
                }
            }
        }
        return right.max().flatMap { right.firstIndex(of: $0) }.map { costs[$0] }
    }
}
