import Files
import Foundation

/// The scores and their protocol.
enum OutcomeSection: ReportSection {
    static let id = "outcome"
    static let title = "Outcome"

    static func body(_ report: Report) -> String? {
        var body = ""
        if report.runs.count == 1 { body += scores(report.run) }
        body += HTML.table(
            [""] + report.runs.map(\.name),
            rows.compactMap { name, value in
                let values = report.runs.map(value)
                return values.allSatisfy(\.isEmpty) ? nil : [name] + values
            })
        for run in report.runs {
            if let comparison = run.probe?.comparison { body += beside(comparison, name: run.name) }
            if let few = run.probe?.fewLabels { body += fewLabels(few, of: run) }
            guard let probe = run.probe else {
                body += HTML.paragraph(
                    "\(run.name) has no scores yet: run diptych probe \(run.isRun ? "" : "--weights ")"
                        + "\(SystemPath.argument(run.folder.path)) IMAGES.")
                continue
            }
            let leftOut = probe.leftOut?.summary.map { " Skipped: \($0)." } ?? ""
            body += HTML.paragraph("\(run.name): \(probe.protocol). \(probe.split).\(leftOut)")
        }
        return body
    }

    /// The run beside free weights and random ones, with intervals over the test images.
    private static func beside(_ comparison: ProbeComparison, name: String) -> String {
        let own = [name, interval(comparison.linearProbe), interval(comparison.knn), "", ""]
        let others = comparison.rivals.map { rival in
            [
                rival.isRandom ? "random weights" : SystemPath.printable(SystemPath.name(of: rival.name)),
                interval(rival.linearProbe), interval(rival.knn), interval(rival.linearProbeLead, isLead: true),
                interval(rival.knnLead, isLead: true),
            ]
        }
        return HTML.table(["", "linear probe", "kNN", "the run's lead, probe", "kNN"], [own] + others)
    }

    /// Scores with few labels, of the run and of those beside it.
    private static func fewLabels(_ own: [FewLabelsScore], of run: ReportedRun) -> String {
        let rivals = run.probe?.comparison?.rivals ?? []
        let names = rivals.map { $0.isRandom ? "random weights" : SystemPath.printable(SystemPath.name(of: $0.name)) }
        return HTML.table(
            ["linear probe with few labels", run.name] + names,
            own.enumerated().map { place, score in
                ["\(score.labels), \(score.images) images", interval(score.linearProbe)]
                    + rivals.map { rival in
                        rival.fewLabels.flatMap { place < $0.count ? interval($0[place].linearProbe) : nil } ?? ""
                    }
            })
    }

    private static func interval(_ estimate: Measured, isLead: Bool = false) -> String {
        let format = isLead ? "%+.1f (%+.1f to %+.1f)" : "%.1f%% (%.1f to %.1f)"
        return String(format: format, 100 * estimate.value, 100 * estimate.low, 100 * estimate.high)
    }

    private static func scores(_ run: ReportedRun) -> String {
        var scores: [(String, String)] = []
        if let probe = run.probe {
            scores.append(("linear probe", HTML.percent(probe.linearProbe.top1)))
            scores.append(("kNN", HTML.percent(probe.knn.top1)))
            if let control = probe.control {
                scores.append(("random weights, probe", HTML.percent(control.linearProbe.top1)))
            }
        }
        if let last = run.epochs.last, let bound = last.miBound {
            scores.append(("nats of \(HTML.number(last.miCeiling))", "≥ \(HTML.number(bound))"))
        }
        guard !scores.isEmpty else { return "" }
        return "<div class=\"score\">"
            + scores.map { "<div><b>\(Markup.escaped($0.1))</b>\(Markup.escaped($0.0))</div>" }.joined() + "</div>\n"
    }

    private static let rows: [(String, @Sendable (ReportedRun) -> String)] = [
        ("linear probe, top-1", { HTML.percent($0.probe?.linearProbe.top1) }),
        ("linear probe, top-5", { HTML.percent($0.probe?.linearProbe.top5) }),
        ("balanced accuracy", { HTML.percent($0.probe?.linearProbe.balanced) }),
        ("kNN, top-1", { HTML.percent($0.probe?.knn.top1) }),
        ("random weights, linear probe", { HTML.percent($0.probe?.control?.linearProbe.top1) }),
        ("random weights, kNN", { HTML.percent($0.probe?.control?.knn.top1) }),
        ("always the largest class", { HTML.percent($0.probe?.majority) }),
        ("images: training, test", { run in run.probe.map { "\($0.trainImages), \($0.testImages)" } ?? "" }),
        ("encoder", { $0.experiment.encoder.name }), ("method", { $0.experiment.method.name }),
        ("epochs", { "\($0.epochs.last?.epoch ?? 0) of \($0.experiment.training.epochs)" }),
        ("batch size", { "\($0.experiment.training.batchSize)" }),
        ("loss, nats", { HTML.number($0.epochs.last?.trainLoss) }),
        ("bound on mutual information, nats", { HTML.number($0.epochs.last?.miBound) }),
        ("its ceiling, nats", { $0.epochs.last?.miBound == nil ? "" : HTML.number($0.epochs.last?.miCeiling) }),
        ("alignment", { HTML.number($0.epochs.last?.alignment) }),
        ("uniformity", { HTML.number($0.epochs.last?.uniformity) }),
        ("effective rank", { HTML.number($0.epochs.last?.effectiveRank) }),
        ("images/s", { HTML.number($0.epochs.last?.imagesPerSecond) }),
        ("training time", { minutes($0.epochs.reduce(0) { $0 + $1.seconds }) }),
    ]

    private static func minutes(_ seconds: Double) -> String {
        guard seconds > 0 else { return "" }
        return seconds < 3600 ? String(format: "%.1f min", seconds / 60) : String(format: "%.1f h", seconds / 3600)
    }
}
