/// The resolved configuration; for several runs, their differences first.
enum ConfigurationSection: ReportSection {
    static let id = "configuration"
    static let title = "Configuration"

    static func body(_ report: Report) -> String? {
        var body = ""
        if report.runs.count > 1 {
            let sets = report.runs.map { Set($0.configuration.split(separator: "\n").map(String.init)) }
            let shared = sets.dropFirst().reduce(sets[0]) { $0.intersection($1) }
            for run in report.runs {
                let own = run.configuration.split(separator: "\n").map(String.init).filter { !shared.contains($0) }
                body +=
                    "<h3>Only in \(Markup.escaped(run.name))</h3><pre>\(Markup.escaped(own.joined(separator: "\n")))</pre>\n"
            }
        }
        for run in report.runs {
            body +=
                "<details\(report.runs.count == 1 ? " open" : "")><summary>\(Markup.escaped(run.folder.configuration))</summary>"
                + "<pre>\(Markup.escaped(run.configuration))</pre></details>\n"
        }
        return body
    }
}
