import Foundation
import Torch
import Views

/// Scores a frozen encoder by a linear probe and weighted kNN, and compares it with other encoders on request.
public struct Probe {
    /// The weight of a neighbour's vote.
    public enum Vote: Equatable, Sendable {
        /// `e^{cos / T}`; if T is nil, it depends on the size of the bank.
        case cosine(temperature: Double?)
        /// The weight is 1.
        case uniform
    }

    /// C of the logistic regression.
    public enum Cost: Equatable, Sendable {
        /// The C of the experiment.
        case configured
        /// This value.
        case value(Double)
        /// The best in cross-validation on the training images; the experiment's if a class has only one image.
        case auto
    }

    /// An encoder to compare with.
    public enum Rival {
        /// The same network with random weights.
        case random
        /// Other weights and their name.
        case weights(EncoderFile, name: String)
    }

    /// The options for scoring.
    public struct Options {
        /// C of the logistic regression.
        public var cost = Cost.configured
        /// The neighbours of the kNN; if nil, they depend on the size of the bank.
        public var neighbours: Int?
        /// The weight of a neighbour's vote.
        public var vote = Vote.cosine(temperature: nil)
        /// The encoders to compare with, on the same images.
        public var beside: [Rival] = []
        /// Smaller numbers of training labels, with which probes are also fitted.
        public var fewLabels: [LabelBudget] = []
        /// The number of draws of these labels.
        public var repeats = 10
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

    /// Fits on the features of the training images and scores on those of the test images. Images without a label, or
    /// of a class that the training images lack, are skipped; the report lists them.
    /// - Parameters:
    ///   - train: the training images.
    ///   - test: the test images.
    ///   - split: the description of the split in the report.
    ///   - progress: called with the current stage and its completed share, 0...1, if known.
    /// - Throws: `TrainingError` if there are fewer than two classes or no test image of them, if features are not
    ///   finite, or if the encoder changed; `LoaderError`, `TorchError`.
    public func run(
        train: any Source, test: any Source, split: String, progress: (String, Double?) -> Void = { _, _ in }
    ) throws -> ProbeReport {
        guard train.classes.count > 1 else {
            throw TrainingError(
                .data, "a linear probe needs at least two class folders, there are \(train.classes.count)")
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
        let pipeline = try ViewPipeline(file.experiment.views)
        let sets = try features(learnt, judged, progress: progress)
        // A class may have lost its last image to a read error.
        let found = Scorable(train: sets[0].train.labels, test: sets[0].test.labels, names: train.classes)
        if let obstacle = found.obstacle("the probe") { throw TrainingError(.data, obstacle) }
        var scored: [Scored] = []
        for (index, set) in sets.enumerated() {
            let what = index == 0 ? "linear probe" : "linear probe of \(set.name)"
            progress(what, nil)
            scored.append(try score(set, names: train.classes) { progress("\(what), step \($0)", nil) })
        }
        let after = try file.hash()
        guard before == after else {
            throw TrainingError(.failed, "\(file.path): changed while it was scored; run the probe again")
        }
        let start = file.experiment.encoder.component.weights
        let comparison = try ProbeComparison(
            scored[0].hits,
            with: zip(sets, scored).dropFirst().map { set, scored in
                (scored.hits, set.name, set.architecture, set.name == start, scored.few)
            }, seed: file.experiment.training.seed)
        let random = sets.firstIndex { $0.name == ProbeComparison.random }
        return ProbeReport(
            encoder: .init(
                path: file.path, architecture: file.experiment.encoder.name, dimension: file.encoder.dimension,
                sha256Before: before, sha256After: after),
            classes: train.classes, trainImages: found.train.count, testImages: found.test.count,
            skipped: sets[0].train.skipped.count + sets[0].test.skipped.count,
            leftOut: listed.leftOut.and(found.leftOut), split: split, protocol: words(scored[0].pair, pipeline),
            majority: found.majority, linearProbe: scored[0].pair.linearProbe, knn: scored[0].pair.knn,
            control: random.map { scored[$0].pair }, comparison: comparison, fewLabels: scored[0].few)
    }

    /// An encoder's features of the training and test images.
    private struct FeatureSet {
        var name: String
        var architecture: String
        var train: Features
        var test: Features
    }

    /// An encoder's scores.
    private struct Scored {
        var pair: ProbeReport.Pair
        var hits: ProbeHits
        var few: [FewLabelsScore]?
    }

    /// The features of the encoder, then of those to compare with. Random weights use the same views, so that an image
    /// is decoded once for both.
    private func features(
        _ learnt: any Source, _ judged: any Source, progress: (String, Double?) -> Void
    ) throws -> [FeatureSet] {
        var own: [any Encoder] = [file.encoder]
        var order: [(name: String, place: Int?, file: EncoderFile)] = [("", 0, file)]
        for rival in options.beside {
            switch rival {
            case .random:
                // The seed differs from the run's, so that these are not the run's initial weights.
                let generator = try Generator(seed: file.experiment.training.seed &+ 0x5EED)
                own.append(try file.experiment.encoder.component.build(generator: generator))
                order.append((ProbeComparison.random, own.count - 1, file))
            case .weights(let other, let name): order.append((name, nil, other))
            }
        }
        let passes = 1 + order.count { $0.place == nil }
        let total = Double((learnt.count + judged.count) * passes)
        var done = 0
        func extract(_ encoders: [any Encoder], _ file: EncoderFile) throws -> (train: Features, test: Features) {
            for encoder in encoders { try machine.prepare(encoder) }
            let extractor = FeatureExtractor(
                pipeline: try ViewPipeline(file.experiment.views), machine: machine, maximumBad: options.maximumBad)
            var parts: [Features] = []
            for source in [learnt, judged] {
                parts.append(
                    try extractor.features(of: source, by: encoders, on: machine.device) {
                        progress("features", Double(done + $0) / total)
                    })
                done += source.count
            }
            for part in parts { try part.requireFinite(file.path) }
            return (parts[0], parts[1])
        }
        func only(_ index: Int, _ features: Features) -> Features {
            var one = features
            one.rows = [features.rows[index]]
            return one
        }
        let shared = try extract(own, file)
        return try order.map { name, place, file in
            let found = try place == nil ? extract([file.encoder], file) : shared
            return FeatureSet(
                name: name, architecture: file.experiment.encoder.name, train: only(place ?? 0, found.train),
                test: only(place ?? 0, found.test))
        }
    }

    private func score(
        _ set: FeatureSet, names: [String], progress: (Int) -> Void
    ) throws -> Scored {
        let found = Scorable(train: set.train.labels, test: set.test.labels, names: names)
        if let obstacle = found.obstacle("the probe") { throw TrainingError(.data, obstacle) }
        let (rows, queries) = (try set.train.rows(0, found.train), try set.test.rows(0, found.test))
        func scores(_ ranked: [[Int]]) -> Scores {
            Scores(
                ranked: ranked.map { $0.map { found.classes[$0] } }, labels: found.testLabels, classes: names.count,
                choices: found.classes.count)
        }
        func right(_ ranked: [[Int]]) -> [Bool] {
            zip(ranked, found.testLabels).map { $0.first.map { found.classes[$0] } == $1 }
        }
        let cost = try cost(rows, found.trainLabels, classes: found.classes.count, progress: progress)
        let probe = try LinearProbe(
            features: rows, labels: found.trainLabels, classes: found.classes.count, cost: cost, progress: progress)
        let ranked = try probe.ranking(queries)
        let linear = scores(ranked)
        let neighbours = try options.bank(rows, found.trainLabels, classes: found.classes.count)
        let near = try neighbours.ranking(queries)
        let nearest = scores(near)
        let pair = ProbeReport.Pair(
            linearProbe: .init(
                linear, classes: names, labels: found.testLabels, C: cost, objective: probe.objective,
                iterations: probe.iterations, converged: probe.converged),
            knn: .init(
                top1: nearest.top1, top5: nearest.top5, k: neighbours.neighbours, temperature: neighbours.temperature,
                weight: neighbours.temperature == nil ? "1" : "e^(cos/T)"))
        var hits = ProbeHits()
        for (place, (linear, knn)) in zip(found.test, zip(right(ranked), right(near))) {
            hits.bySample[set.test.samples[place]] = (linear, knn)
        }
        let few = try options.fewLabels.map { budget in
            try fewLabels(budget, rows, queries, found, progress: progress, right: right)
        }
        return Scored(pair: pair, hits: hits, few: few.isEmpty ? nil : few)
    }

    /// Scores with few labels; the same draws for every encoder.
    private func fewLabels(
        _ budget: LabelBudget, _ rows: Tensor, _ queries: Tensor, _ found: Scorable, progress: (Int) -> Void,
        right: ([[Int]]) -> [Bool]
    ) throws -> FewLabelsScore {
        let seed = file.experiment.training.seed
        var (linear, knn, costs): ([Double], [Double], [Double]) = ([], [], [])
        var images = 0
        func share(_ hits: [Bool]) -> Double { Double(hits.count { $0 }) / Double(max(hits.count, 1)) }
        for number in 0..<options.repeats {
            let places = budget.draw(
                from: found.trainLabels, classes: found.classes.count, seed: seed, repeat: number)
            let (known, labels) = (try rows.rows(places), places.map { found.trainLabels[$0] })
            let cost = try cost(known, labels, classes: found.classes.count, progress: progress)
            let probe = try LinearProbe(
                features: known, labels: labels, classes: found.classes.count, cost: cost, progress: progress)
            linear.append(share(right(try probe.ranking(queries, count: 1))))
            knn.append(share(right(try options.bank(known, labels, classes: found.classes.count).ranking(queries))))
            costs.append(cost)
            images = places.count
        }
        return FewLabelsScore(
            labels: "\(budget)", images: images, repeats: options.repeats, linearProbe: Measured(mean: linear),
            knn: Measured(mean: knn), costs: costs)
    }

    private func cost(
        _ rows: Tensor, _ labels: [Int], classes: Int, progress: (Int) -> Void
    ) throws(TorchError) -> Double {
        switch options.cost {
        case .configured: file.experiment.evaluation.cost
        case .value(let cost): cost
        case .auto:
            try CostSearch.choose(
                features: rows, labels: labels, classes: classes, seed: file.experiment.training.seed,
                progress: { progress(0) }) ?? file.experiment.evaluation.cost
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

extension Probe.Options {
    /// The kNN over features `[N, D]` of N labels.
    func bank(_ rows: Tensor, _ labels: [Int], classes: Int) throws(TorchError) -> NearestNeighbours {
        let defaults = NearestNeighbours.defaults(bank: labels.count)
        let temperature: Double? =
            switch vote {
            case .cosine(let given): given ?? defaults.temperature
            case .uniform: nil
            }
        return try NearestNeighbours(
            features: rows, labels: labels, classes: classes, neighbours: neighbours ?? defaults.neighbours,
            temperature: temperature)
    }
}
