import Views

/// The images that a run is evaluated on.
public struct TestImages {
    /// The images.
    public let source: any Source
    /// The name of these images.
    public let description: String
    /// What was found at the path; nil if there is nothing to report.
    public let summary: SourceSummary?

    /// Opens images.
    /// - Parameters:
    ///   - path: a folder, shards or a table.
    ///   - side: the requested side; if nil, the test side of the split that the run was trained with.
    ///   - seed: the seed of the split; the run's if nil.
    ///   - experiment: the run's settings.
    ///   - reading: how images are opened.
    /// - Throws: what `OpenedImages` and `Split` throw.
    public init(
        _ path: String, side: SideChoice?, seed: UInt64? = nil, experiment: Experiment, reading: SourceOptions
    ) throws {
        if let side {
            let opened = try OpenedImages(path, side: side, options: reading)
            (source, summary) = (opened.source, opened.summary)
            description = side == .all || side == .unsplit ? "all images" : "the \(side.rawValue) side"
            return
        }
        let split = try Split(
            images: path, fraction: experiment.evaluation.holdOut, seed: seed ?? experiment.training.seed,
            by: experiment.evaluation.holdOutBy, options: reading)
        (source, description, summary) = (split.test, split.words, split.summary)
    }
}
