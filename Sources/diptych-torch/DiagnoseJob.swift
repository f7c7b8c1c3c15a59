import Commands
import Contrast
import Files
import Foundation
import Torch
import Views

/// `diptych diagnose`: measures paired embeddings, given or made by a run, and reports problems.
struct DiagnoseJob {
    private let options: DiagnoseCommand

    init(_ options: DiagnoseCommand) { self.options = options }

    private var images: String { options.paths[options.paths.count - 1] }

    func run() throws {
        try Output.check(options.json)
        let machine = try Machine(options.compute)
        try Runtime.setThreads(machine.threads)
        var settings = Evidence.Options()
        settings.temperature = options.temperature
        settings.limit = options.pairs
        settings.seed = options.seed
        guard options.views.isEmpty else {
            let embeddings = try PairedEmbeddings(
                first: options.views[0], second: options.views[1], labels: options.labels)
            return try show(try Diagnosis(embeddings, options: settings))
        }
        guard options.paths.count == 2 || options.free.weights != nil else {
            throw Failure(
                .unusable,
                "\(options.paths[0]): a run does not name its images; give them too, as in diptych diagnose "
                    + "\(SystemPath.argument(options.paths[0])) IMAGES")
        }
        let opened = try OpenedImages(
            images, side: options.sides.side, options: options.sides.reading(options.tolerance.reading))
        announce(opened.summary)
        let console = Console()
        var embedded = try RunEmbeddings(
            run: options.free.weights ?? options.paths[0], use: try WeightsUse(options.free), images: opened.source,
            machine: machine, options: settings, maximumBad: options.tolerance.maxBad
        ) { done, all in console.working("views", share: Double(done) / Double(max(all, 1))) }
        embedded.notes.forEach(console.notice)
        if options.copies { embedded.run.copies = try copies(opened, embedded.experiment, machine, console) }
        console.working("measuring", share: 1)
        let diagnosis = try Diagnosis(embedded)
        console.clear()
        try show(diagnosis)
    }

    /// Compares the training images with the test images; nil without test images.
    private func copies(
        _ opened: OpenedImages, _ experiment: Experiment, _ machine: Machine, _ console: Console
    ) throws -> TrainTestCopies? {
        let split = try Split(
            opened, side: options.sides.side, fraction: experiment.evaluation.holdOut, seed: experiment.training.seed,
            by: experiment.evaluation.holdOutBy, options: options.sides.reading(options.tolerance.reading))
        if case .stratified = split.origin, split.train.classes.isEmpty { return nil }
        guard split.test.count > 0 else { return nil }
        console.working("copies across train and test", share: 0)
        return TrainTestCopies(
            train: split.train, test: split.test, threads: machine.loaderThreads, seed: options.seed)
    }

    private func show(_ diagnosis: Diagnosis) throws {
        guard let json = options.json else { return try Output.result(diagnosis.lines) }
        if try Output.result(try diagnosis.json(), to: json) {
            try Output.result("\(json): \(diagnosis.findings.map(\.code).joined(separator: ", "))")
        }
    }
}
