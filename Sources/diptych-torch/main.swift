import ArgumentParser
import Commands
import Contrast
import Foundation
import Torch
import Views

/// The exit code and message that an error of the libraries stands for.
func classify(_ error: any Error) -> Failure {
    switch error {
    case let error as TrainingError:
        let status: ExitStatus = error.kind == .unusable ? .unusable : error.kind == .data ? .data : .failed
        return Failure(status, "\(error)")
    case let error as ProcessGroupError: return Failure(error.kind == .environment ? .unusable : .failed, "\(error)")
    case let error as EmbeddingsError: return Failure(.data, "\(error)")
    case let error as SafetensorsError: return Failure(.failed, "\(error)")
    case let error as InvalidSetting: return Failure(.unusable, "\(error.key): \(error.reason)")
    default: return Failure(error)
    }
}

Diptych.start(classify: classify) { command in
    switch command {
    case let train as Train: try TrainJob(train).run()
    case let probe as Commands.Probe: try probe.zeroShot ? ZeroShotJob(probe).run() : ProbeJob(probe).run()
    case let retrieve as Retrieve: try RetrieveJob(retrieve).run()
    case let embed as Embed: try EmbedJob(embed).run()
    case let estimate as Commands.Estimate: try EstimateJob(estimate).run()
    case let diagnose as Diagnose: try DiagnoseJob(diagnose).run()
    case let report as Commands.Report: try ReportJob(report).run()
    case let export as Export: try ExportJob(export).run()
    case let bench as Commands.Bench where bench.train: try BenchTrainJob(bench).run()
    case let check as CheckSettings: _ = try check.settings.reader().read(Experiment.self)
    case let bench as BenchLoss: try BenchLossJob(bench).run()
    case is Doctor:
        try Output.result(["libtorch=\(Runtime.version)", "path=\(Runtime.libraryPath)"])
        let device = try Machine(DeviceChoice.auto, threads: nil).device
        try Output.result("device=\(device)")
        // A GPU is believed when it gives what the processor gives.
        guard device != .cpu else { return }
        try Output.result("norm=\(Runtime.fusesNorm(on: device) ? "fused" : "plain")")
        for found in try DeviceCheck.run(on: device) {
            try Output.result(
                "check_\(found.precision.rawValue)=loss \(found.loss.formatted(.number.precision(.significantDigits(2)))), "
                    + "gradient \(found.gradient.formatted(.number.precision(.significantDigits(2))))")
        }
    default: try command.run()
    }
}
