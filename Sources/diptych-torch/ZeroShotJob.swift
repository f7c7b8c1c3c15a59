import Commands
import Contrast
import Files
import Foundation
import Views

/// `diptych probe --zero-shot`: opens a run and labelled images, classifies by prompts, and prints or writes the
/// report.
struct ZeroShotJob {
    private let options: ProbeCommand

    init(_ options: ProbeCommand) { self.options = options }

    func run() throws {
        try Output.check(options.output)
        let run = try CLIPRun(options.encoder, machine: try Machine(options.compute))
        let classifier = try ZeroShot(
            run, templates: options.template.isEmpty ? ["a photo of a {}."] : options.template)
        let experiment = run.file.experiment
        let side = options.all || options.test != nil ? .all : options.sides.side
        let images = try TestImages(
            options.test ?? options.images, side: side, seed: options.seed, experiment: experiment,
            reading: options.sides.reading(options.tolerance.reading))
        announce(images.summary)
        let console = Console()
        run.file.notes.forEach(console.notice)
        let scores = ScoresFile(options.output ?? (run.file.folder ?? RunFolder(options.encoder)).zeroShot, console)
        let report = try classifier.report(
            on: images.source, split: images.description, maximumBad: options.tolerance.maxBad
        ) { done, total in console.working("embeddings", share: Double(done) / Double(max(total, 1))) }
        console.clear()
        try scores.keep(try report.json(), showing: lines(report), then: ["scores    \(scores.path)"])
    }

    private func lines(_ report: ZeroShotReport) -> [String] {
        let top5 = report.scores.top5.map { String(format: "  top-5 %5.1f%%", 100 * $0) } ?? ""
        var lines = [
            "\(report.encoder.architecture): \(report.images) images, \(report.classes.count) classes (\(report.split)), "
                + "\(report.templates.count) prompts for each",
            String(
                format: "zero-shot %5.1f%%%@  balanced %5.1f%%", 100 * report.scores.top1, top5,
                100 * report.scores.balanced),
            String(
                format: "chance    %5.1f%%  (always the largest class %5.1f%%)", 100 * report.chance,
                100 * report.majority),
        ]
        if !report.alike.isEmpty {
            lines.append(
                "alike     several classes are called \(report.alike.joined(separator: ", ")), so prompts cannot "
                    + "distinguish them"
            )
        }
        if let summary = report.leftOut.summary { lines.append("skipped   \(summary)") }
        if report.skipped > 0 { lines.append("skipped   \(report.skipped) unusable images") }
        return lines
    }
}
