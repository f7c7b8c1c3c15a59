/// The pairs that the run learnt from, as it saw them.
enum ViewsSection: ReportSection {
    static let id = "views"
    static let title = "View pairs"

    static func body(_ report: Report) -> String? {
        let pictures = report.runs.compactMap { run in
            run.views.map { png in
                (report.runs.count > 1 ? "<h3>\(Markup.escaped(run.name))</h3>\n" : "")
                    + HTML.picture(png: png, "Images at the left, beside each its views")
            }
        }
        guard !pictures.isEmpty else { return nil }
        return pictures.joined(separator: "\n")
            + HTML.paragraph("Each image at the left, beside it the views that the encoder is to recognise as one.")
    }
}
