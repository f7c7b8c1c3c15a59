import Commands
import Contrast
import Files
import Foundation
import Views

extension ProbeJob {
    /// Scores sets of labels or numbers, writes the report and prints it.
    func probeTargets(
        _ file: EncoderFile, _ train: any Source, _ test: any Source, _ split: String, _ console: Console
    ) throws {
        guard options.folds == nil, !options.control, options.beside.isEmpty, options.labels.isEmpty,
            options.shots == nil, options.cost != .auto, options.neighbours == nil, options.temperature == nil,
            !options.uniform
        else {
            throw Failure(
                .unusable,
                "--folds, --control, --beside, --labels, --shots, --knn-... and --cost auto need one class for each "
                    + "image, which this table does not have")
        }
        try self.options.free.requireUse(by: [file])
        let scores = ScoresFile(options.output ?? defaultOutput(file), console)
        let report = try TargetProbe(
            file, train: train, test: test, split: split, cost: options.cost?.number ?? file.experiment.evaluation.cost,
            machine: try Machine(options.compute), maximumBad: options.tolerance.maxBad
        ) { what, share in console.working(what, share: share) }
        console.clear()
        try scores.keep(
            try JSON.document(report), showing: lines(report),
            then: ["scores    \(scores.path)", "encoder   \(file.path)"])
    }

    private func lines(_ report: TargetProbe) -> [String] {
        var lines = [
            "\(report.encoder.architecture): \(report.testImages) test images, \(report.trainImages) training images "
                + "(\(report.split))"
        ]
        if let sets = report.labelSets {
            lines.append(
                String(
                    format: "trained   mAP %.1f%%  F1 macro %.1f%%, micro %.1f%%  AUROC %.3f (%d classes)",
                    100 * sets.meanAveragePrecision, 100 * sets.macroF1, 100 * sets.microF1, sets.meanAUROC,
                    sets.perClass.count))
        }
        if let values = report.values {
            lines.append(
                String(format: "trained   R2 %.3f  mean absolute error %.4g", values.r2, values.meanAbsoluteError))
        }
        if report.skipped > 0 { lines.append("skipped   \(report.skipped) unusable images, or without a value") }
        return lines
    }
}
