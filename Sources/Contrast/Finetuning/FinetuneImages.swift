import Views

/// The images that a classifier is trained on, and those that it is tested on.
public struct FinetuneImages {
    /// The labelled images to train on.
    public let train: any Source
    /// Images to test on, labelled with the classes of `train`.
    public let test: any Source
    /// How the images were split, in words.
    public let split: String
    /// Notes for the user.
    public let notes: [String]

    /// Opens images.
    /// - Parameters:
    ///   - path: a folder, shards or a table.
    ///   - side: the only side of it that is used, and split; nil for those of the layout.
    ///   - test: other images to test on.
    ///   - experiment: the run's settings.
    ///   - reading: how images are opened.
    /// - Throws: `TrainingError` if there is nothing to train or test on; what `Split` throws.
    public init(
        _ path: String, side: SideChoice?, test: String?, experiment: Experiment, reading: SourceOptions
    ) throws {
        var reading = reading
        // Shards are read from one end to the other; other sources ignore it.
        reading.readAhead = 8 << 20
        let split = try Split(
            images: path, side: side, test: test, fraction: experiment.evaluation.holdOut,
            seed: experiment.training.seed, by: experiment.evaluation.holdOutBy, options: reading)
        guard split.train.targets != .labelSets, split.train.targets != .values else {
            throw TrainingError(.data, "\(path): a classifier needs one class for each image, in folders or a column")
        }
        guard split.train.classes.count > 1 else {
            throw TrainingError(
                .data,
                "\(path): a classifier needs two class folders at least, there are \(split.train.classes.count)")
        }
        train = split.train
        self.test =
            ClassNames.areEqual(split.test.classes, train.classes)
            ? split.test : Relabelled(split.test, classes: train.classes)
        let listed = Scorable(train: train, test: self.test)
        if let obstacle = listed.obstacle("the classifier") { throw TrainingError(.data, "\(path): \(obstacle)") }
        self.split = split.words
        var notes = split.summary?.lines ?? []
        if !split.isOfSides {
            notes.append("\(counted(split.test.count, "image")) of these held out: \(split.words)")
        }
        if let left = listed.leftOut.summary { notes.append("note: not scored: \(left)") }
        if let shared = SharedImages(train: train, test: split.test).note { notes.append("note: \(shared)") }
        self.notes = notes
    }

    /// The number of images that a run with these settings is trained on.
    public func learned(by experiment: Experiment) throws -> Int {
        guard let method = experiment.method.component as? Supervised else { return train.count }
        return try method.drawn(from: method.labelled(train).images, seed: experiment.training.seed).images.count
    }
}
