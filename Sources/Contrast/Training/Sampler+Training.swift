import Views

extension Sampler {
    /// The batches of this rank in a training.
    init(of images: any Source, _ training: TrainingConfiguration, _ ranks: Ranks) throws(TrainingError) {
        let share = try ranks.share(of: training.batchSize)
        guard images.count >= ranks.size else {
            throw TrainingError(.data, "there are \(images.count) images for \(ranks.size) processes")
        }
        self.init(
            count: images.count, batch: min(share, images.count / ranks.size), seed: training.seed, dropLast: true,
            shuffle: .training(images), rank: ranks.place)
    }
}
