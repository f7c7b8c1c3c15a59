import Files
import Foundation

/// The runs in some folders, as a table.
public struct RunTable: Codable, Sendable {
    /// What runs are sorted by: scores from the best on, the others from the least on, and last what has no value.
    public enum Column: String, CaseIterable, Sendable {
        case name, method, encoder, epochs, state, knn, probe, loss, time
    }

    /// The runs.
    public private(set) var runs: [RunSummary] = []
    /// The folders that look like runs and cannot be read, with reasons.
    public private(set) var unreadable: [String] = []

    /// Folders below this depth are not looked at.
    private static let depth = 4

    /// A table of these runs.
    init(_ runs: [RunSummary]) { self.runs = runs }

    /// Looks for runs in folders and the folders in them; a run itself is one too.
    public init(in folders: [String]) {
        for folder in folders {
            let places = RunTable.runs(in: folder)
            for place in places {
                let isItself = place.path == RunFolder(folder).path
                let prefix = folders.count > 1 || isItself ? 0 : RunFolder(folder).path.count + (folder == "/" ? 0 : 1)
                do {
                    runs.append(try RunSummary(place, name: String(place.path.dropFirst(prefix))))
                } catch {
                    unreadable.append("\(error)")
                }
            }
        }
    }

    /// The run folders in a folder, by name; only itself if it is one.
    public static func runs(in folder: String) -> [RunFolder] { runs(in: RunFolder(folder), depth: 0) }

    private static func runs(in folder: RunFolder, depth: Int) -> [RunFolder] {
        if folder.exists { return [folder] }
        guard depth < RunTable.depth else { return [] }
        let names = Folder.names(in: folder.path).filter { !$0.hasPrefix(".") }
            .sorted { $0.compare($1, options: .numeric) == .orderedAscending }
        return names.map { Folder.join(folder.path, $0) }.filter { Folder.exists($0) }
            .flatMap { runs(in: RunFolder($0), depth: depth + 1) }
    }

    /// Sorts the runs; equal ones keep their order.
    public mutating func sort(by column: Column) {
        let keys = runs.map { RunTable.key($0, column) }
        let order = runs.indices.sorted { first, second in
            switch (keys[first], keys[second]) {
            case (.number(let a)?, .number(let b)?) where a != b: a < b
            case (.text(let a)?, .text(let b)?) where a != b: a.compare(b, options: .numeric) == .orderedAscending
            case (.some, nil): true
            case (nil, .some): false
            default: first < second
            }
        }
        runs = order.map { runs[$0] }
    }

    private enum Key {
        case number(Double)
        case text(String)
    }

    private static func key(_ run: RunSummary, _ column: Column) -> Key? {
        switch column {
        case .name: .text(run.name)
        case .method: .text(run.method)
        case .encoder: .text(run.encoder)
        case .epochs: .number(Double(run.epochs))
        case .state: .text(run.state.rawValue)
        case .knn: run.knn.map { .number(-$0) }
        case .probe: run.probe.map { .number(-$0) }
        // A loss that is not finite is the worst.
        case .loss: run.loss.map { .number($0.isNaN ? .infinity : $0) }
        case .time: .number(run.seconds)
        }
    }

    // MARK: Text

    private enum CodingKeys: String, CodingKey { case runs }

    private static let head = ["name", "method", "encoder", "epochs", "state", "kNN", "probe", "loss", "time"]

    /// Lines for people: a head, then a line for each run.
    public var lines: [String] {
        func percent(_ share: Double?) -> String { share.map { String(format: "%.1f%%", 100 * $0) } ?? "-" }
        let rows = runs.map { run in
            [
                run.name, run.method, run.encoder, "\(run.epochs)/\(run.ofEpochs)", run.state.rawValue,
                percent(run.knn), percent(run.probe), run.loss.map { String(format: "%.4f", $0) } ?? "-",
                RunTable.duration(run.seconds),
            ]
        }
        let widths = RunTable.head.indices.map { column in
            ([RunTable.head] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([RunTable.head] + rows).map { row in
            row.indices.map { column in
                let blanks = String(repeating: " ", count: widths[column] - row[column].count)
                // Numbers stand at the right.
                return column < 5 && column != 3 ? row[column] + blanks : blanks + row[column]
            }.joined(separator: "  ")
        }
    }

    /// Comma-separated values with a head, as spreadsheets read them.
    public var csv: [String] {
        func field(_ text: String) -> String {
            guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
            return "\"\(text.replacing("\"", with: "\"\""))\""
        }
        let rows = runs.map { run in
            [
                field(run.name), field(run.path), run.method, run.encoder, "\(run.epochs)", "\(run.ofEpochs)",
                run.state.rawValue, run.knn.map { "\($0)" } ?? "", run.probe.map { "\($0)" } ?? "",
                run.loss.map { "\($0)" } ?? "", "\(run.seconds)",
            ].joined(separator: ",")
        }
        return ["name,path,method,encoder,epochs,of_epochs,state,knn,probe,loss,seconds"] + rows
    }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int(min(max(seconds.rounded(), 0), 1e15))
        if whole < 60 { return String(format: "%.1fs", seconds) }
        if whole < 3600 { return String(format: "%dm%02ds", whole / 60, whole % 60) }
        return String(format: "%dh%02dm", whole / 3600, whole / 60 % 60)
    }
}
