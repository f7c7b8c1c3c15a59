import Commands
import Contrast
import Files
import Foundation
import Torch

/// `diptych diagnose`: measures paired embeddings, or a run's own, and says what is wrong.
struct DiagnoseJob {
    private let options: Diagnose

    init(_ options: Diagnose) { self.options = options }

    func run() throws {
        let machine = try Machine(options.compute)
        try Runtime.setThreads(machine.threads)
        var settings = Evidence.Options()
        settings.temperature = options.temperature
        settings.limit = options.pairs
        settings.seed = options.seed
        guard !options.views.isEmpty else {
            throw Failure(.unusable, "\(options.places[0]): runs are not diagnosed yet; give --views")
        }
        let embeddings = try PairedEmbeddings(
            first: options.views[0], second: options.views[1], labels: options.labels)
        try show(try Diagnosis(embeddings, options: settings))
    }

    private func show(_ diagnosis: Diagnosis) throws {
        guard let json = options.json else {
            diagnosis.lines.forEach { print($0) }
            return
        }
        if json == "-" {
            FileHandle.standardOutput.write(try diagnosis.json())
        } else {
            try AtomicFile.write(try diagnosis.json(), to: json)
            print("\(json): \(diagnosis.findings.map(\.code).joined(separator: ", "))")
        }
    }
}
