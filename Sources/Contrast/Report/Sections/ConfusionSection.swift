import Views

/// The confusion matrix of the linear probe.
enum ConfusionSection: ReportSection {
    static let id = "confusion"
    static let title = "Confusion of the linear probe"

    static func body(_ report: Report) -> String? {
        guard let probe = report.run.probe else { return nil }
        guard let confusion = probe.linearProbe.confusion else {
            return probe.linearProbe.confusionNote.map { HTML.paragraph("The confusion matrix was \($0).") }
        }
        let classes = ClassNames.shown(probe.classes)
        let cells = confusion.cells.filter { classes.indices.contains($0.row) && classes.indices.contains($0.column) }
        var totals = [Int](repeating: 0, count: classes.count)
        for cell in cells { totals[cell.row] += cell.count }
        let wrong = cells.filter { $0.row != $0.column }.sorted { $0.count > $1.count }
        // Cells of a larger matrix would be too small to see.
        let drawing =
            classes.count > 100
            ? HTML.paragraph("The matrix of \(classes.count) classes is too large to draw.")
            : HTML.drawing(
                svg(confusion.matrix(classes: classes.count), classes),
                "Rows: the true class; columns: the predicted class")
        return drawing
            + HTML.table(
                ["true class", "predicted class", "images", "of"],
                wrong.prefix(8).map {
                    [classes[$0.row], classes[$0.column], "\($0.count)", "\(totals[$0.row])"]
                })
    }

    private static func svg(_ counts: [[Int]], _ classes: [String]) -> String {
        let cell = max(6.0, min(26, 520 / Double(classes.count)))
        let longest = Double(classes.map(\.count).max() ?? 1)
        let margin = min(180, 6.6 * longest + 10)
        let side = cell * Double(classes.count)
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(margin + side + 8) \(margin + side + 8)" \
            width="\(margin + side + 8)" height="\(margin + side + 8)"><style>\
            text{font:\(Markup.number(min(12, cell)))px system-ui,sans-serif;fill:#333}.p{fill:#fff}.b{fill:#0072b2}\
            @media(prefers-color-scheme:dark){text{fill:#ddd}.p{fill:#16181c}.b{fill:#56b4e9}}</style>
            <rect class="p" width="100%" height="100%"/>

            """
        for (row, columns) in counts.enumerated() {
            let total = max(columns.reduce(0, +), 1)
            let y = margin + cell * Double(row)
            text +=
                "<text x=\"\(Markup.number(margin - 4))\" y=\"\(Markup.number(y + cell / 2))\" dy=\"0.32em\" "
                + "text-anchor=\"end\">\(Markup.escaped(classes[row]))</text>"
            let x = margin + cell * (Double(row) + 0.5)
            text +=
                "<text transform=\"translate(\(Markup.number(x)) \(Markup.number(margin - 4))) rotate(-90)\" dy=\"0.32em\">"
                + "\(Markup.escaped(classes[row]))</text>\n"
            for (column, count) in columns.enumerated() where count > 0 {
                let share = Double(count) / Double(total)
                text +=
                    "<rect class=\"b\" x=\"\(Markup.number(margin + cell * Double(column)))\" y=\"\(Markup.number(y))\" "
                    + "width=\"\(Markup.number(cell - 1))\" height=\"\(Markup.number(cell - 1))\" "
                    + "opacity=\"\(Markup.number(max(0.1, share)))\"><title>\(Markup.escaped(classes[row])) predicted "
                    + "as \(Markup.escaped(classes[column])): \(count) of \(total)</title></rect>"
            }
        }
        return text + "</svg>\n"
    }
}
