import Views

extension Experiment {
    /// The pipeline of views, which fits the method and the encoder.
    /// - Throws: `TrainingError` if it does not; what `ViewPipeline` throws.
    func pipeline() throws -> ViewPipeline {
        let pipeline = try ViewPipeline(views)
        let least = method.component.requirements.views
        guard pipeline.viewCount >= least else {
            throw TrainingError(.unusable, "views.branches: must make at least \(least) views of an image")
        }
        guard views.mix == nil || method.component.requirements.mixes else {
            throw TrainingError(
                .unusable, "views.mix: \(method.name) cannot train on mixed images; remove the setting")
        }
        try check(pipeline.branches + pipeline.evaluation.branches)
        return pipeline
    }

    /// Checks the settings against the images, as far as this is possible without building the networks.
    /// - Throws: `TrainingError`, and what `ViewPipeline` throws.
    public func check(on images: any Source) throws {
        _ = try pipeline()
        let (images, _) = try method.component.labelled(images)
        try check(
            TrainingData(
                pairs: min(training.batchSize, images.count), images: images.count, classes: images.classes.count,
                ranks: 1, seed: training.seed))
    }

    /// Checks that the encoder takes the views that it is evaluated on.
    func check(evaluated pipeline: ViewPipeline) throws(TrainingError) { try check(pipeline.evaluation.branches) }

    private func check(_ branches: [ViewPipeline.Branch]) throws(TrainingError) {
        do throws(InvalidSetting) {
            for branch in branches {
                try encoder.component.validate(input: branch.size)
            }
        } catch {
            throw TrainingError(error, inside: "encoder.\(encoder.name)")
        }
    }

    /// Checks that the method fits the data and the ranks.
    func check(_ data: TrainingData) throws(TrainingError) {
        do throws(InvalidSetting) {
            try method.component.validate(data)
        } catch {
            throw TrainingError(error, inside: "method.\(method.name)")
        }
    }

    /// What the user should know of a batch that holds all images; nil for smaller batches.
    func note(images: Int) -> String? {
        guard training.batchSize >= images else { return nil }
        let smaller = images >= 8 ? "; try --set training.batch_size=\(images / 4)" : ""
        return "training.batch_size is \(training.batchSize), there are \(images) images: all are one batch, so that "
            + "an epoch is one step, and each image is compared with the same others every time\(smaller)"
    }
}

extension TrainingError {
    /// A setting that does not fit the data, with its path in the file.
    init(_ error: InvalidSetting, inside path: String) {
        let error = error.inside(path)
        self.init(.unusable, "\(error.key): \(error.reason)")
    }
}
