import Foundation
import Torch
import Views

/// Scores a frozen encoder: linear probe and weighted kNN, beside a random encoder where asked for.
public struct Probe {
    /// What the vote of a neighbour counts.
    public enum Vote: Equatable, Sendable {
        /// `e^{cos / T}`, T by the size of the bank where nil.
        case cosine(temperature: Double?)
        /// 1.
        case uniform
    }

    /// How to score.
    public struct Options: Sendable {
        /// C of the logistic regression; the experiment's where nil.
        public var cost: Double?
        /// Neighbours of the kNN; by the size of the bank where nil.
        public var neighbours: Int?
        /// What a neighbour's vote counts.
        public var vote = Vote.cosine(temperature: nil)
        /// Whether the same architecture with random weights is scored too.
        public var control = false
        /// The share of unusable images above which scoring stops.
        public var maximumBad = 0.01

        /// The defaults.
        public init() {}
    }

    private let file: EncoderFile
    private let machine: Machine
    private let options: Options

    /// Makes a probe of an encoder.
    public init(_ file: EncoderFile, machine: Machine, options: Options = Options()) {
        self.file = file
        self.machine = machine
        self.options = options
    }

    /// Learns on the training images' features and scores on the test images'; what has no label, or a class that the training
    /// images lack, is left out, and the report says so.
    /// - Parameters:
    ///   - train: what the probe learns from.
    ///   - test: what it is scored on.
    ///   - split: what the report calls the images.
    ///   - progress: told what is being done and the share done, 0...1, where that is known.
    /// - Throws: `TrainingError` where there are fewer than two classes, or no test image of one, features are no numbers, or the encoder changed;
    ///   `LoaderError`, `TorchError`.
    public func run(
        train: any Source, test: any Source, split: String, progress: (String, Double?) -> Void = { _, _ in }
    ) throws -> ProbeReport {
        guard train.classes.count > 1 else {
            throw TrainingError(
                .data, "a linear probe needs two class folders at least, there are \(train.classes.count)")
        }
        guard test.count > 0 else { throw TrainingError(.data, "there are no test images") }
        let test: any Source =
            ClassNames.areEqual(test.classes, train.classes) ? test : Relabelled(test, classes: train.classes)
        let listed = Scorable(train: train, test: test)
        if let obstacle = listed.obstacle("the probe") { throw TrainingError(.data, obstacle) }
        let learnt: any Source =
            listed.train.count == train.count ? train : Subset(train, indices: listed.train)
        let judged: any Source = listed.test.count == test.count ? test : Subset(test, indices: listed.test)
        let before = try file.hash()
        var encoders = [file.encoder]
        if options.control {
            // Seeded apart from the run, so that the control is not the run's own beginning.
            let generator = try Generator(seed: file.experiment.training.seed &+ 0x5EED)
            encoders.append(try file.experiment.encoder.component.build(generator: generator))
        }
        for encoder in encoders { try machine.prepare(encoder) }
        let pipeline = try ViewPipeline(file.experiment.views)
        let extractor = FeatureExtractor(pipeline: pipeline, machine: machine, maximumBad: options.maximumBad)
        let total = Double(learnt.count + judged.count)
        let known = try extractor.features(of: learnt, by: encoders, on: machine.device) {
            progress("features", Double($0) / total)
        }
        let asked = try extractor.features(of: judged, by: encoders, on: machine.device) {
            progress("features", Double(learnt.count + $0) / total)
        }
        for rows in [known.rows[0], asked.rows[0]] {
            // 0 times what is no number is none either.
            guard try (rows * 0).sum().item() == 0 else {
                throw TrainingError(
                    .failed, "\(file.path): gives features that are infinite or no numbers; its training has diverged")
            }
        }
        // Images that cannot be read may have been a class's last.
        let found = Scorable(train: known.labels, test: asked.labels, names: train.classes)
        if let obstacle = found.obstacle("the probe") { throw TrainingError(.data, obstacle) }
        var pairs: [ProbeReport.Pair] = []
        for index in encoders.indices {
            let what = index == 0 ? "linear probe" : "linear probe of the control"
            progress(what, nil)
            pairs.append(
                try score(known, asked, found, index, classes: train.classes) { progress("\(what), pass \($0)", nil) })
        }
        let after = try file.hash()
        guard before == after else {
            throw TrainingError(.failed, "\(file.path): changed while it was scored; run the probe again")
        }
        return ProbeReport(
            encoder: .init(
                path: file.path, architecture: file.experiment.encoder.name, dimension: file.encoder.dimension,
                sha256Before: before, sha256After: after),
            classes: train.classes, trainImages: found.train.count, testImages: found.test.count,
            skipped: known.skipped.count + asked.skipped.count, leftOut: listed.leftOut.and(found.leftOut),
            split: split,
            protocol: words(pairs[0], pipeline), majority: found.majority,
            linearProbe: pairs[0].linearProbe, knn: pairs[0].knn, control: pairs.count > 1 ? pairs[1] : nil)
    }

    private func score(
        _ known: Features, _ asked: Features, _ found: Scorable, _ index: Int, classes: [String],
        progress: (Int) -> Void
    ) throws(TorchError) -> ProbeReport.Pair {
        let cost = options.cost ?? file.experiment.evaluation.cost
        let (rows, queries) = (try known.rows(index, found.train), try asked.rows(index, found.test))
        func scores(_ ranked: [[Int]]) -> Scores {
            Scores(
                ranked: ranked.map { $0.map { found.classes[$0] } }, labels: found.testLabels, classes: classes.count,
                choices: found.classes.count)
        }
        let probe = try LinearProbe(
            features: rows, labels: found.trainLabels, classes: found.classes.count, cost: cost, progress: progress)
        let linear = scores(try probe.ranking(queries))
        let defaults = NearestNeighbours.defaults(bank: found.train.count)
        let neighbours = try NearestNeighbours(
            features: rows, labels: found.trainLabels, classes: found.classes.count,
            neighbours: options.neighbours ?? defaults.neighbours,
            temperature: temperature(or: defaults.temperature))
        let nearest = scores(try neighbours.ranking(queries))
        return ProbeReport.Pair(
            linearProbe: .init(
                linear, classes: classes, labels: found.testLabels, C: cost, objective: probe.objective,
                iterations: probe.iterations, converged: probe.converged),
            knn: .init(
                top1: nearest.top1, top5: nearest.top5, k: neighbours.neighbours, temperature: neighbours.temperature,
                weight: neighbours.temperature == nil ? "1" : "e^(cos/T)"))
    }

    private func temperature(or usual: Double) -> Double? {
        switch options.vote {
        case .cosine(let temperature): temperature ?? usual
        case .uniform: nil
        }
    }

    private func words(_ pair: ProbeReport.Pair, _ pipeline: ViewPipeline) -> String {
        let views = pipeline.evaluation.branches[0]
        let steps = file.experiment.views.evaluation.map(\.name).joined(separator: ", ")
        return "frozen encoder, running batch-norm statistics, input \(views.size) by \(steps); linear probe: features "
            + "standardised by the training rows, 1/2 |w|^2 + C sum log loss with C = \(pair.linearProbe.C), L-BFGS to "
            + "convergence; kNN: cosine, \(pair.knn.words)"
    }
}
