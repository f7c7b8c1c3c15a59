/// Views as the run trained on them.
enum ViewsSection: ReportSection {
    static let id = "views"
    static let title = "View pairs"

    static func body(_ report: Report) -> String? {
        let pictures = report.runs.compactMap { run in
            run.views.map { png in
                (report.runs.count > 1 ? "<h3>\(Markup.escaped(run.name))</h3>\n" : "")
                    + HTML.picture(png: png, "Images on the left, their views on the right")
            }
        }
        guard !pictures.isEmpty else { return nil }
        return pictures.joined(separator: "\n")
            + HTML.paragraph("Each image is on the left. The encoder learns to recognise its views as one image.")
    }
}
