import Commands
import Contrast
import Files
import Foundation
import Views

/// `diptych finetune`: the settings, images and scores of a classifier's training.
struct FinetuneJob {
    let options: FinetuneCommand

    init(_ options: FinetuneCommand) { self.options = options }

    func run() throws { try TrainJob(options.trained, finetuning: self).run() }

    /// The settings of a new run.
    func settings() throws -> Finetuning.Settings {
        let (training, free) = (options.trained, options.training.free)
        var finetuning = Finetuning(from: options.start)
        finetuning.isFromScratch = options.scratch
        finetuning.encoder = free.encoder
        finetuning.prefix = free.weightsPrefix
        if free.settings.pipeline != nil {
            var settings = free.settings
            settings.overrides = []
            finetuning.pipeline = try settings.reader()
        }
        finetuning.overrides = overrides
        return try finetuning.settings()
    }

    /// The settings that the user gave.
    private var overrides: [String] {
        let training = options.trained
        return training.settings.overrides + (training.seed.map { ["training.seed=\($0)"] } ?? [])
            + (training.epochs.map { ["training.epochs=\($0)"] } ?? [])
    }

    /// The settings of a new run, with enough epochs for the number of images, unless they are given.
    func lengthened(_ experiment: Experiment, on images: FinetuneImages) throws -> Experiment {
        let isGiven =
            options.training.epochs != nil || options.training.settings.pipeline != nil
            || overrides.contains { $0.hasPrefix("training.epochs") }
        guard !isGiven else { return experiment }
        return try Finetuning.lengthened(
            experiment, images: try images.learned(by: experiment), keeping: overrides)
    }

    /// Opens the labelled images.
    func images(_ experiment: Experiment) throws -> FinetuneImages {
        try FinetuneImages(
            options.images, side: options.training.sides.side, test: options.test, experiment: experiment,
            reading: options.training.sides.reading(options.training.tolerance.reading))
    }

    /// The command line that resumes a run.
    func resumption(of folder: String) -> String {
        let line = options.trained.resumption(of: folder, by: "finetune")
        return ([line] + options.resumption).joined(separator: " ")
    }

    /// Scores the classifier of a run that has ended, writes the scores and prints them.
    func score(_ folder: RunFolder, on images: FinetuneImages, machine: Machine) throws {
        let console = Console()
        let file = try ClassifierFile(folder.path)
        let report = try FinetuneReport(
            file, on: images, machine: machine, maximumBad: options.training.tolerance.maxBad
        ) { console.working("test images", share: $0) }
        console.clear()
        try ScoresFile(folder.finetune, console).keep(
            try JSON.document(report), showing: lines(report),
            then: ["scores    \(folder.finetune)", "model     \(file.path)"])
    }

    private func lines(_ report: FinetuneReport) -> [String] {
        func percent(_ share: Double) -> String { String(format: "%.1f%%", 100 * share) }
        let start = report.weights.map { "from \(SystemPath.printable(SystemPath.name(of: $0)))" } ?? "from scratch"
        let labels = report.labels < 1 ? ", \(LabelBudget.share(report.labels)) of the labels" : ""
        var lines = [
            "\(report.architecture) \(start): \(report.testImages) test images, "
                + "\(report.trainImages) training images\(labels), \(report.classes.count) classes (\(report.split))",
            "finetuned top-1 \(percent(report.top1.value)) (\(percent(report.top1.low)) to \(percent(report.top1.high)))"
                + (report.top5.map { "  top-5 \(percent($0))" } ?? "")
                + "  balanced \(percent(report.balanced))" + String(format: "  log loss %.3f", report.logLoss),
            "chance    \(percent(report.majority)) (always the largest class)",
        ]
        if report.skipped > 0 { lines.append("skipped   \(report.skipped) unusable test images") }
        return lines
    }
}
