import Views

/// The images that a run is trained on, and those that it holds out.
public struct TrainingImages {
    /// What the encoder is trained on.
    public let train: any Source
    /// Labelled images for kNN scores during the run; nil without classes.
    public let heldOut: (any Source)?
    /// What was found at the path, and what is held out.
    public let notes: [String]

    /// Takes images that are open already.
    public init(train: any Source, heldOut: (any Source)?, notes: [String]) {
        (self.train, self.heldOut, self.notes) = (train, heldOut, notes)
    }

    /// Opens images. Without classes nothing can be scored by kNN, so nothing is held out unless names decide.
    /// - Parameters:
    ///   - path: a folder, shards or a table.
    ///   - side: the side that is asked for; nil for that of the layout.
    ///   - experiment: the run's settings.
    ///   - reading: how images are opened.
    /// - Throws: what `OpenedImages` and `Split` throw.
    public init(_ path: String, side: SideChoice?, experiment: Experiment, reading: SourceOptions) throws {
        var reading = reading
        // Shards are read from one end to the other; other sources ignore it.
        reading.readAhead = 8 << 20
        let rule = experiment.evaluation.holdOutBy
        let split = try Split(
            images: path, side: side, for: .choice, fraction: experiment.evaluation.holdOut,
            seed: experiment.training.seed, by: rule, options: reading)
        let isLabelled = !split.train.classes.isEmpty
        let holdsOut = isLabelled || rule == .byName
        train = holdsOut ? split.train : split.whole ?? split.train
        heldOut = isLabelled ? split.test : nil
        var notes = split.summary?.lines ?? []
        if holdsOut, !split.isOfSides {
            notes.append("\(counted(split.test.count, "image")) of these held out: \(split.words)")
        }
        self.notes = notes
    }
}
