import Commands
import Contrast
import Files
import Foundation
import Torch
import Views

/// `diptych bench --train`: measures training steps and their stages, with one process or several.
struct BenchTrainJob {
    private let options: BenchCommand

    init(_ options: BenchCommand) { self.options = options }

    func run() throws { try RankedJob.run(measure) }

    private func measure(_ job: RankedJob) throws {
        let experiment = try options.settings.reader().read(Experiment.self)
        let opened = try OpenedImages(
            options.images, side: options.sides.side, options: options.sides.reading(options.tolerance.reading))
        if job.isFirst { announce(opened.summary) }
        let machine = try Machine(options.compute, of: job.place)
        try job.connect(machine.device)
        var bench = StepBench()
        bench.steps = options.steps
        bench.maximumBad = options.tolerance.maxBad
        let report = try bench.run(experiment, images: opened.source, machine: machine, group: job.group)
        guard job.isFirst else { return }
        if options.json {
            try Output.result(try JSON.document(report))
        } else {
            try Output.result("\(report)")
        }
    }
}
