import Commands
import Contrast
import Foundation
import Torch
import Views

/// `diptych bench --train`: where the time of training steps goes.
struct BenchTrainJob {
    private let options: BenchCommand

    init(_ options: BenchCommand) { self.options = options }

    func run() throws {
        let experiment = try options.settings.reader().read(Experiment.self)
        let opened = try OpenedImages(
            options.images, side: options.sides.side, options: options.sides.reading(options.tolerance.reading))
        let images = opened.source
        announce(opened.summary)
        var bench = StepBench()
        bench.steps = options.steps
        bench.maximumBad = options.tolerance.maxBad
        let report = try bench.run(experiment, images: images, machine: Machine(options.compute))
        if options.json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try Output.result(try encoder.encode(report) + Data([0x0A]))
        } else {
            try Output.result("\(report)")
        }
    }
}
