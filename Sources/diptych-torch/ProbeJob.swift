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
        let file = try EncoderFile(options.encoder)
        let console = Console()
        file.notes.forEach(console.notice)
        let (train, test, words) = try images(file.experiment, file.folder)
        if train.targets == .labelSets || train.targets == .values {
            return try probeTargets(file, train, test, words, console)
        }
        var settings = Probe.Options()
        settings.cost = options.cost
        settings.neighbours = options.neighbours
        settings.vote = options.uniform ? .uniform : .cosine(temperature: options.temperature)
        settings.control = options.control
        settings.maximumBad = options.tolerance.maxBad
        let probe = Probe(file, machine: try Machine(options.compute), options: settings)
        let scores = ScoresFile(options.output ?? defaultOutput(file), console)
        var report = try probe.run(train: train, test: test, split: words) { what, share in
            console.working(what, share: share)
        }
        if let folds = options.folds { report.folds = try crossValidation(folds, file, settings, console) }
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
            cost: settings.cost ?? file.experiment.evaluation.cost, extractor: extractor
        ) { what, share in console.working(what, share: share) }
    }

    private func images(_ experiment: Experiment, _ folder: RunFolder?) throws -> (any Source, any Source, String) {
        let split = try Split(
            images: options.images, side: options.sides.side, test: options.test,
            fraction: experiment.evaluation.holdOut, seed: options.seed ?? experiment.training.seed,
            by: experiment.evaluation.holdOutBy, options: options.sides.reading(options.tolerance.reading))
        announce(split.summary)
        if let note = SharedImages(train: split.train, test: split.test).note { Output.note("note: \(note)") }
        // In folders of their own, test images may have the names of others.
        let learnt = split.isOfSides ? 0 : folder?.trainingImages(in: split.test) ?? 0
        if learnt > 0 {
            Output.note(
                "note: \(learnt) of the \(counted(split.test.count, "test image")) have the names of images that the run learnt "
                    + "from: where they are the same, the scores are too good (training had another split)")
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
        let isWhole = report.leftOut?.untested.isEmpty ?? true
        let constant = isWhole ? "the largest class" : "the largest class that test images have"
        lines.append(String(format: "chance    %5.1f%% (always \(constant))", 100 * report.majority))
        if !report.linearProbe.converged {
            let steps = "\(report.linearProbe.iterations) steps"
            lines.append("note      the linear probe was ended after \(steps), short of convergence")
        }
        lines.append("kNN       cosine, \(report.knn.words)")
        if let summary = report.leftOut?.summary { lines.append("skipped   \(summary)") }
        if report.skipped > 0 { lines.append("skipped   \(report.skipped) unusable images") }
        return lines
    }
}
