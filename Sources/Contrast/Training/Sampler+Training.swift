import Views

extension Sampler {
    /// Says which images make up which batch of this rank in a training.
    init(of images: any Source, _ training: TrainingConfiguration, _ ranks: Ranks?) throws(TrainingError) {
        let rank = ranks.map { Sampler.Rank($0.group.rank, of: $0.group.ranks) } ?? Sampler.Rank(0, of: 1)
        let share = try ranks?.share(of: training.batchSize) ?? training.batchSize
        guard images.count >= rank.count else {
            throw TrainingError(.data, "there are \(images.count) images for \(rank.count) processes")
        }
        self.init(
            count: images.count, batch: min(share, images.count / rank.count), seed: training.seed, dropLast: true,
            shuffle: .training(images), rank: rank)
    }
}
