import Commands
import Contrast
import Foundation
import Views

/// `diptych predict`: opens the classifier and the images, and writes a table.
struct PredictJob {
    private let options: PredictCommand

    init(_ options: PredictCommand) { self.options = options }

    func run() throws {
        try Output.check(options.output)
        let file = try ClassifierFile(options.model)
        var reading = SourceOptions()
        (reading.maximumBad, reading.allowsCommands) = (options.maxBad, true)
        let opened = try OpenedImages(
            options.images, side: options.sides.side, usual: .all, options: options.sides.reading(reading))
        announce(opened.summary)
        let console = Console()
        let found = try Predictions(
            of: opened.source, by: file, best: options.top, machine: Machine(options.compute),
            maximumBad: options.maxBad
        ) { console.working("predictions", share: $0) }
        console.clear()
        for record in found.skipped { console.notice("skipped \(record)") }
        let isFile = try Output.result(Data(found.table.utf8), to: options.output)
        let skipped = found.skipped.isEmpty ? "" : ", \(found.skipped.count) skipped"
        let words = "\(counted(found.count, "image"))\(skipped), \(counted(file.classes.count, "class", "classes"))"
        if isFile { try Output.result("\(options.output): \(words)") } else { console.notice(words) }
    }
}
