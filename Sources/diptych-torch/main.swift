import ArgumentParser
import Commands
import Contrast
import Foundation
import Torch
import Views

/// The exit code and message for an error of the libraries.
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
    case let train as TrainCommand: try TrainJob(train).run()
    case let finetune as FinetuneCommand: try FinetuneJob(finetune).run()
    case let predict as PredictCommand: try PredictJob(predict).run()
    case let probe as ProbeCommand: try probe.zeroShot ? ZeroShotJob(probe).run() : ProbeJob(probe).run()
    case let retrieve as RetrieveCommand: try RetrieveJob(retrieve).run()
    case let embed as EmbedCommand: try EmbedJob(embed).run()
    case let estimate as EstimateCommand: try EstimateJob(estimate).run()
    case let diagnose as DiagnoseCommand: try DiagnoseJob(diagnose).run()
    case let report as ReportCommand: try ReportJob(report).run()
    case let export as ExportCommand: try ExportJob(export).run()
    case let sweep as SweepCommand: try SweepJob(sweep).run()
    case let runs as RunsCommand: try RunsJob(runs).run()
    case let bench as BenchCommand where bench.train: try BenchTrainJob(bench).run()
    case let check as CheckSettingsCommand: _ = try check.settings.reader().read(Experiment.self)
    case is DoctorCommand: try DoctorJob().run()
    default: try command.run()
    }
}
