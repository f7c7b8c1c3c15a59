import Commands
import Contrast
import Files
import Foundation
import Views

/// `diptych retrieve`: opens a run and pairs, scores both ways, and prints or writes the report.
struct RetrieveJob {
    private let options: RetrieveCommand

    init(_ options: RetrieveCommand) { self.options = options }

    func run() throws {
        try Output.check(options.json)
        let run = try CLIPRun(options.encoder, machine: try Machine(options.compute))
        let images = try TestImages(
            options.images, side: options.all ? .all : options.sides.side, experiment: run.file.experiment,
            reading: options.sides.reading(options.tolerance.reading))
        announce(images.summary)
        let console = Console()
        run.file.notes.forEach(console.notice)
        let report = try Retrieval(run).report(
            on: images.source, split: images.description, maximumBad: options.tolerance.maxBad
        ) { done, total in console.working("embeddings", share: Double(done) / Double(max(total, 1))) }
        console.clear()
        var lines = lines(report)
        if let json = options.json {
            guard try Output.result(try report.json(), to: json) else { return }
            lines.append("scores          \(json)")
        }
        try Output.result(lines)
    }

    private func lines(_ report: RetrievalReport) -> [String] {
        func row(_ name: String, _ recall: Recall) -> String {
            name.padding(toLength: 16, withPad: " ", startingAt: 0)
                + String(
                    format: "recall@1 %5.1f%%  @5 %5.1f%%  @10 %5.1f%%", 100 * recall.at1, 100 * recall.at5,
                    100 * recall.at10)
        }
        var lines = [
            "\(report.encoder.architecture): \(report.pairs) pairs, \(report.distinctCaptions) distinct captions "
                + "(\(report.split))",
            row("image to text", report.imageToText), row("text to image", report.textToImage),
            row("chance", report.chance),
        ]
        if report.leftOut > 0 { lines.append("skipped         \(report.leftOut) images without a caption") }
        if report.skipped > 0 { lines.append("skipped         \(report.skipped) unusable images") }
        if report.truncated > 0 { lines.append("truncated       \(report.truncated) captions to the context length") }
        return lines
    }
}
