/// Loss, bound and ceiling, rank, kNN and speed over the epochs.
enum CurvesSection: ReportSection {
    static let id = "curves"
    static let title = "Learning curves"

    static func body(_ report: Report) -> String? {
        guard report.runs.contains(where: { !$0.epochs.isEmpty }) else { return nil }
        var plots: [LinePlot] = []
        func add(_ title: String, _ unit: String, _ value: @escaping (EpochRecord) -> Double?) {
            let lines = series(report, value)
            guard lines.contains(where: { $0.points.count > 0 }) else { return }
            plots.append(LinePlot(title: title, xLabel: "epoch", yLabel: unit, series: lines))
        }
        add("Loss", "nats") { $0.trainLoss }
        var bound = LinePlot(
            title: "Bound on mutual information", xLabel: "epoch", yLabel: "nats",
            series: series(report) { $0.miBound })
        if bound.series.contains(where: { !$0.points.isEmpty }) {
            bound.series += series(report, suffix: " ceiling", dashed: true) { $0.miCeiling }
            plots.append(bound)
        }
        add("kNN on held-out images", "top-1, %") { $0.valKnnTop1.map { 100 * $0 } }
        add("Effective rank of the embedding", "dimensions") { $0.effectiveRank }
        add("Speed", "images/s") { $0.imagesPerSecond }
        add("Waiting for data", "% of the time") { 100 * $0.dataWait }
        let drawings = plots.map { plot in
            var bare = plot
            bare.title = ""
            return HTML.drawing(
                SVG(title: plot.title, plots: [bare], columns: 1, panel: (440, 230)).text,
                "\(plot.title) over the epochs")
        }
        return "<div class=\"plots\">\(drawings.joined())</div>\n"
    }

    /// A line for each run.
    static func series(
        _ report: Report, suffix: String = "", dashed: Bool = false, _ value: (EpochRecord) -> Double?
    ) -> [LinePlot.Series] {
        report.runs.enumerated().map { index, run in
            let colours = LinePlot.Colour.allCases
            let points = run.epochs.compactMap { epoch in value(epoch).map { (x: Double(epoch.epoch), y: $0) } }
            return LinePlot.Series(
                (report.runs.count == 1 && suffix.isEmpty ? "the run" : run.name) + suffix,
                colours[index % colours.count], dashed: dashed, points: points)
        }
    }
}
