import Commands
import Contrast
import Files
import Foundation

/// `diptych runs`: prints a table of runs.
struct RunsJob {
    private let options: RunsCommand

    init(_ options: RunsCommand) { self.options = options }

    func run() throws {
        for folder in options.folders where !Folder.exists(folder) {
            throw Failure(.unusable, "\(folder): there is no such folder")
        }
        var table = RunTable(in: options.folders)
        for reason in table.unreadable { Output.note("skipped \(reason)") }
        if let name = options.sort {
            guard let column = RunTable.Column(rawValue: name) else {
                let names = RunTable.Column.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(.unusable, "--sort: is \(name); valid are \(names)")
            }
            table.sort(by: column)
        }
        if options.json { return try Output.result(try JSON.document(table)) }
        if options.csv { return try Output.result(table.csv) }
        guard !table.runs.isEmpty else {
            throw Failure(.unusable, "\(options.folders.joined(separator: ", ")): there are no runs")
        }
        try Output.result(table.lines)
    }
}
