import Commands
import Contrast
import Files
import Foundation
import Views

/// `diptych probe`: opens the encoder and the images, scores, writes the report and prints it.
struct ProbeJob {
    let options: ProbeCommand

    init(_ options: ProbeCommand) { self.options = options }

    func run() throws {
        let file = try EncoderFile(options.encoder, options.free)
        let console = Console()
        file.notes.forEach(console.notice)
        let (train, test, words) = try images(file.experiment, file.folder)
        if train.targets == .labelSets || train.targets == .values {
            return try probeTargets(file, train, test, words, console)
        }
        var settings = Probe.Options()
        switch options.cost {
        case .none: settings.cost = .configured
        case .auto: settings.cost = .auto
        case .value(let cost): settings.cost = .value(cost)
        }
        settings.beside = try beside()
        settings.fewLabels =
            options.labels.map { .share($0.share) } + (options.shots?.counts.map { .shots($0) } ?? [])
        settings.repeats = options.repeats ?? settings.repeats
        settings.neighbours = options.neighbours
        settings.vote = options.uniform ? .uniform : .cosine(temperature: options.temperature)
        settings.maximumBad = options.tolerance.maxBad
        try options.free.requireUse(
            by: [file]
                + settings.beside.compactMap {
                    if case .weights(let rival, _) = $0 { rival } else { nil }
                })
        let probe = Probe(file, machine: try Machine(options.compute), options: settings)
        let scores = ScoresFile(options.output ?? defaultOutput(file), console)
        // This comes first, because it throws if there are too few groups.
        let folds = try options.folds.map { try crossValidation($0, file, settings, console) }
        var report = try probe.run(train: train, test: test, split: words) { what, share in
            console.working(what, share: share)
        }
        report.folds = folds
        console.clear()
        try scores.keep(
            try report.json(), showing: lines(report), then: ["scores    \(scores.path)", "encoder   \(file.path)"])
    }

    private func crossValidation(
        _ count: Int, _ file: EncoderFile, _ settings: Probe.Options, _ console: Console
    ) throws -> CrossValidation {
        let opened = try OpenedImages(
            options.images, side: options.sides.side, usual: .all,
            options: options.sides.reading(options.tolerance.reading))
        let extractor = FeatureExtractor(
            pipeline: try ViewPipeline(file.experiment.views), machine: try Machine(options.compute),
            maximumBad: settings.maximumBad)
        return try CrossValidation(
            file.encoder, on: opened.source, count: count, seed: options.seed ?? file.experiment.training.seed,
            cost: options.cost?.number ?? file.experiment.evaluation.cost, options: settings, extractor: extractor
        ) { what, share in console.working(what, share: share) }
    }

    /// The encoders to compare with, all opened before the work begins.
    private func beside() throws -> [Probe.Rival] {
        var names = options.beside
        if options.control, !names.contains(ProbeComparison.random) { names.append(ProbeComparison.random) }
        let console = Console()
        return try names.map { name in
            if name == ProbeComparison.random { return .random }
            var free = options.free
            // The options describe the network of --weights.
            if options.free.weights != nil { (free.encoder, free.weightsPrefix) = (nil, nil) }
            let file = try EncoderFile(name, free)
            file.notes.forEach(console.notice)
            return .weights(file, name: name)
        }
    }

    private func images(_ experiment: Experiment, _ folder: RunFolder?) throws -> (any Source, any Source, String) {
        let split = try Split(
            images: options.images, side: options.sides.side, test: options.test,
            fraction: experiment.evaluation.holdOut, seed: options.seed ?? experiment.training.seed,
            by: experiment.evaluation.holdOutBy, options: options.sides.reading(options.tolerance.reading))
        announce(split.summary)
        if let note = SharedImages(train: split.train, test: split.test).note { Output.note("note: \(note)") }
        // Test images in separate folders may have the same names as training images.
        let learnt = split.isOfSides ? 0 : folder?.trainingImages(in: split.test) ?? 0
        if learnt > 0 {
            Output.note(
                "note: \(learnt) of the \(counted(split.test.count, "test image")) have the names of images that "
                    + "the run was trained on: if they are the same, the scores are too high (training had another split)"
            )
        }
        return (split.train, split.test, split.words)
    }

    func defaultOutput(_ file: EncoderFile) -> String {
        if Folder.exists(options.encoder) { return RunFolder(options.encoder).probe }
        if file.isOfCheckpoint, let folder = file.folder { return folder.probe(of: file.path) }
        return Folder.join(SystemPath.folder(of: options.encoder), "probe.json")
    }

    private func lines(_ report: ProbeReport) -> [String] {
        func row(_ name: String, _ linear: ProbeReport.Linear, _ knn: ProbeReport.Neighbours) -> String {
            let top5 = linear.top5.map { String(format: "  top-5 %5.1f%%", 100 * $0) } ?? ""
            return name.padding(toLength: 10, withPad: " ", startingAt: 0)
                + String(format: "linear probe %5.1f%%%@  kNN %5.1f%%", 100 * linear.top1, top5, 100 * knn.top1)
        }
        var lines = [
            "\(report.encoder.architecture): \(report.testImages) test images, \(report.trainImages) training images, "
                + "\(report.classes.count) classes (\(report.split))",
            row("trained", report.linearProbe, report.knn),
        ]
        if let control = report.control { lines.append(row("random", control.linearProbe, control.knn)) }
        if let folds = report.folds {
            func spread(_ scores: CrossValidation.Spread) -> String {
                String(format: "%5.1f%% +/- %.1f", 100 * scores.mean, 100 * scores.std)
            }
            lines.append(
                "folds     linear probe \(spread(folds.linearProbe))  kNN \(spread(folds.knn)) (\(folds.rule))")
        }
        if !options.beside.isEmpty { lines += table(report) }
        for score in report.fewLabels ?? [] {
            lines.append(few(score, name: "trained"))
            for rival in report.comparison?.rivals ?? [] {
                guard let other = rival.fewLabels?.first(where: { $0.labels == score.labels }) else { continue }
                lines.append(few(other, name: label(rival)))
            }
        }
        let isWhole = report.leftOut?.untested.isEmpty ?? true
        let constant = isWhole ? "the largest class" : "the largest class that test images have"
        lines.append(String(format: "chance    %5.1f%% (always \(constant))", 100 * report.majority))
        if !report.linearProbe.converged {
            let steps = "\(report.linearProbe.iterations) steps"
            lines.append("note      the linear probe stopped after \(steps), before convergence")
        }
        lines.append("kNN       cosine, \(report.knn.words)")
        if let summary = report.leftOut?.summary { lines.append("skipped   \(summary)") }
        if report.skipped > 0 { lines.append("skipped   \(report.skipped) unusable images") }
        return lines
    }

    /// A table that compares the encoders, with 95% intervals over the test images.
    private func table(_ report: ProbeReport) -> [String] {
        guard let comparison = report.comparison else { return [] }
        func cell(_ estimate: Measured, _ width: Int, signed: Bool = false) -> String {
            let format = signed ? "%+.1f (%+.1f to %+.1f)" : "%.1f%% (%.1f to %.1f)"
            let text = String(format: format, 100 * estimate.value, 100 * estimate.low, 100 * estimate.high)
            return text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
        }
        func name(_ text: String) -> String { text.padding(toLength: 24, withPad: " ", startingAt: 0) }
        var lines = [
            name("") + "linear probe             kNN                      the run's lead, probe    kNN",
            name("this") + cell(comparison.linearProbe, 25) + cell(comparison.knn, 25),
        ]
        for rival in comparison.rivals {
            lines.append(
                name(label(rival)) + cell(rival.linearProbe, 25) + cell(rival.knn, 25)
                    + cell(rival.linearProbeLead, 25, signed: true) + cell(rival.knnLead, 0, signed: true))
        }
        return lines
    }

    /// The name of an encoder in the table.
    private func label(_ rival: ProbeComparison.Rival) -> String {
        let name = rival.isRandom ? "random weights" : SystemPath.printable(SystemPath.name(of: rival.name))
        return String(name.prefix(23))
    }

    private func few(_ score: FewLabelsScore, name: String) -> String {
        func words(_ estimate: Measured) -> String {
            String(format: "%5.1f%% (%.1f to %.1f)", 100 * estimate.value, 100 * estimate.low, 100 * estimate.high)
        }
        return score.labels.padding(toLength: 10, withPad: " ", startingAt: 0)
            + "linear probe \(words(score.linearProbe))  kNN \(words(score.knn))  \(name), "
            + "\(score.images) training images, \(score.repeats) draws"
    }
}
