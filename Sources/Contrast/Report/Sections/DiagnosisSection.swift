import Files
import Foundation

/// The findings with their evidence and remedies, and all measurements.
enum DiagnosisSection: ReportSection {
    static let id = "diagnosis"
    static let title = "Diagnosis"

    static func body(_ report: Report) -> String? {
        guard let sample = report.sample else {
            return HTML.paragraph(
                "The diagnosis needs images: diptych report \(SystemPath.argument(report.run.folder.path)) "
                    + "--images IMAGES.")
        }
        let diagnosis = sample.diagnosis
        var body = HTML.paragraph(
            "\(diagnosis.pairs) pairs of \(diagnosis.dimension) dimensions at temperature "
                + "\(HTML.number(diagnosis.temperature))\(diagnosis.temperatureIsKnown ? "" : ", the best for these embeddings")."
        )
        if diagnosis.findings.isEmpty {
            body += HTML.paragraph("No check found a problem.")
        }
        for finding in diagnosis.findings {
            body += """
                <div class="finding \(finding.severity.rawValue)"><h3>\(Markup.escaped(finding.title)) \
                <span class="soft">\(finding.severity.rawValue), \(finding.code)</span></h3>
                \(HTML.paragraph(finding.evidence))
                """
            body +=
                "<pre>\(Markup.escaped(finding.remedy.joined(separator: "\n")))</pre>"
                + "<p class=\"soft\">\(Markup.escaped(finding.paper))</p></div>\n"
        }
        for why in diagnosis.undecided { body += HTML.paragraph("Undecided: \(why)") }
        body +=
            "<details><summary>All measurements, with 95% intervals</summary>\n"
            + HTML.table(
                ["measurement", "value", "from", "to"],
                diagnosis.measurements.map {
                    [
                        $0.name, HTML.number($0.estimate.value), HTML.number($0.estimate.low),
                        HTML.number($0.estimate.high),
                    ]
                }) + "</details>\n"
        return body + bound(diagnosis.curve) + noise(diagnosis.gradient)
    }

    private static func bound(_ curve: [Evidence.BoundPoint]) -> String {
        guard curve.count > 1 else { return "" }
        var line = LinePlot.Series("bound", .blue, points: curve.map { (Double($0.candidates), $0.bound.value) })
        line.band = curve.map { (Double($0.candidates), $0.bound.low, $0.bound.high) }
        var plot = LinePlot(
            title: "The bound as candidates grow", xLabel: "candidates K", yLabel: "nats",
            series: [
                .init(
                    "log K, the ceiling", .faint, dashed: true,
                    points: curve.map { (Double($0.candidates), log(Double($0.candidates))) }), line,
            ])
        plot.logarithmicBase = 2
        return HTML.drawing(
            SVG(title: "Would more negatives help?", plots: [plot], columns: 1, panel: (560, 280)).text,
            "The bound on mutual information and its ceiling over the number of candidates")
    }

    private static func noise(_ points: [Evidence.GradientPoint]) -> String {
        guard points.count > 1 else { return "" }
        var line = LinePlot.Series(
            "variance", .orange, points: points.map { (Double($0.negatives), $0.relativeVariance.value) })
        line.band = points.map { (Double($0.negatives), $0.relativeVariance.low, $0.relativeVariance.high) }
        var plot = LinePlot(
            title: "The gradient's noise as negatives grow", xLabel: "negatives K",
            yLabel: "variance / squared length", series: [line])
        plot.logarithmicBase = 2
        let top = points.map(\.relativeVariance.high).filter(\.isFinite).max() ?? 1
        plot.yRange = 0...max(top, 1e-9)
        return HTML.drawing(
            SVG(title: "How noisy is the gradient?", plots: [plot], columns: 1, panel: (560, 280)).text,
            "The variance of an anchor's gradient over random negatives, divided by its squared length; below 1 there "
                + "is more signal than noise")
            + "<details><summary>The gradient's noise, with 95% intervals</summary>\n"
            + HTML.table(
                ["negatives K", "variance / squared length", "from", "to"],
                points.map {
                    [
                        "\($0.negatives)", HTML.number($0.relativeVariance.value),
                        HTML.number($0.relativeVariance.low), HTML.number($0.relativeVariance.high),
                    ]
                }) + "</details>\n"
    }
}
