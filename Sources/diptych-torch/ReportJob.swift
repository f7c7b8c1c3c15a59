import Commands
import Contrast
import Files
import Foundation
import Torch
import Views

/// `diptych report`: writes a page about one or several runs.
struct ReportJob {
    private let options: ReportCommand

    init(_ options: ReportCommand) { self.options = options }

    func run() throws {
        let use = try WeightsUse(options.free)
        let paths = options.runs.flatMap { path in
            let inside = Folder.exists(path) ? RunTable.runs(in: path).map(\.path) : []
            return inside.isEmpty ? [path] : inside
        }
        let runs =
            if let weights = options.free.weights { [try ReportedRun(weights: weights, use: use)] } else {
                try paths.map { try ReportedRun($0) }
            }
        let first = options.runs.first.flatMap { Folder.exists($0) ? RunFolder($0) : nil } ?? runs[0].folder
        let output = options.output ?? "\(first.path)/report.html"
        try Output.check(output)
        var sample: ReportSample?
        let console = Console()
        if let images = options.images {
            let machine = try Machine(options.compute)
            try Runtime.setThreads(machine.threads)
            let opened = try OpenedImages(
                images, side: options.sides.side, options: options.sides.reading(options.tolerance.reading))
            announce(opened.summary)
            sample = try ReportSample(
                run: options.free.weights ?? paths[0], use: use, images: opened.source, machine: machine,
                pairs: options.pairs, maximumBad: options.tolerance.maxBad
            ) { console.working($0, share: 1) }
        }
        console.clear()
        sample?.embedded.notes.forEach(console.notice)
        let page = try Report(runs: runs, sample: sample).html()
        try AtomicFile.write(Array(page.utf8), to: output)
        try Output.result(output)
    }
}
