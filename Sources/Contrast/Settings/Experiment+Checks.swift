import Views

extension Experiment {
    /// Checks that the views are what the method learns from.
    func check(views pipeline: ViewPipeline) throws(TrainingError) {
        let least = method.component.requirements.views
        guard pipeline.viewCount >= least else {
            throw TrainingError(.unusable, "views.branches: there must be \(least) views of an image at least")
        }
        guard views.mix == nil else {
            throw TrainingError(
                .unusable, "views.mix: \(method.name) learns from whole images and has no use for mixed ones")
        }
    }

    /// Checks that the encoder takes views of these extents.
    func check(encoder pipeline: ViewPipeline) throws(TrainingError) {
        do throws(InvalidSetting) {
            for branch in pipeline.branches + pipeline.evaluation.branches {
                try encoder.component.validate(input: branch.size)
            }
        } catch {
            throw TrainingError(error, inside: "encoder.\(encoder.name)")
        }
    }
}

extension TrainingError {
    /// A setting that does not fit the data, with its place in the file.
    init(_ error: InvalidSetting, inside place: String) {
        let path = error.inside(place)
        self.init(.unusable, "\(path.key): \(path.reason)")
    }
}
