/// Images that were skipped, with the reason.
enum QuarantineSection: ReportSection {
    static let id = "quarantine"
    static let title = "Skipped images"

    static func body(_ report: Report) -> String? {
        let records = report.runs.flatMap { run in run.quarantine.map { (run.name, $0) } }
        guard !records.isEmpty else { return HTML.paragraph("None: every image was readable.") }
        let several = report.runs.count > 1
        return HTML.table(
            (several ? ["run"] : []) + ["image", "reason"],
            records.prefix(200).map { (several ? [$0.0] : []) + [$0.1.name, $0.1.reason] })
            + (records.count > 200 ? HTML.paragraph("and \(records.count - 200) more, in quarantine.jsonl") : "")
    }
}
