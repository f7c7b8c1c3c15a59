/// Alignment against uniformity, epoch by epoch: Wang & Isola 2020, arXiv 2005.10242, figure 7.
enum GeometrySection: ReportSection {
    static let id = "geometry"
    static let title = "Alignment and uniformity over training"

    static func body(_ report: Report) -> String? {
        let colours = LinePlot.Colour.allCases
        let lines = report.runs.enumerated().compactMap { index, run -> LinePlot.Series? in
            let points = run.epochs.compactMap { epoch -> (x: Double, y: Double)? in
                guard let x = epoch.uniformity, let y = epoch.alignment else { return nil }
                return (x, y)
            }
            return points.count < 2 ? nil : .init(run.name, colours[index % colours.count], points: points)
        }
        guard !lines.isEmpty else { return nil }
        let ends = zip(lines, report.runs).map { line, run in
            let (first, last) = (line.points[0], line.points[line.points.count - 1])
            return "\(run.name): from (\(HTML.number(first.x)), \(HTML.number(first.y))) to "
                + "(\(HTML.number(last.x)), \(HTML.number(last.y)))."
        }
        let plot = LinePlot(
            title: "Epoch by epoch", xLabel: "uniformity (lower is more uniform)",
            yLabel: "alignment (lower is closer)", series: lines)
        return HTML.drawing(
            SVG(title: "Alignment against uniformity", plots: [plot], columns: 1, panel: (560, 320)).text,
            "The path of alignment against uniformity")
            + HTML.paragraph(
                "Lower is better for both: down and to the left. \(ends.joined(separator: " "))")
    }
}
