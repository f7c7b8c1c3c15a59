import Commands
import Files
import Foundation

/// Where a command keeps its scores beside showing them; `-` is standard output, which then has nothing else.
struct ScoresFile {
    let path: String
    private let advice = "--output FILE keeps them elsewhere"

    /// Says at once where the file cannot be written: the work may be long.
    init(_ path: String, _ console: Console) {
        self.path = path
        do throws(FileError) {
            try Output.check(path)
        } catch {
            console.notice("\(error); the scores will only be shown, \(advice)")
        }
    }

    /// Shows lines, then writes the file and shows the others: what cannot be kept was seen at least.
    /// - Throws: `FileError`, `Failure`.
    func keep(_ json: Data, showing lines: [String], then others: [String]) throws {
        guard path != "-" else { return try Output.result(json) }
        // A reader that is gone is told of when the file is there.
        let shown = Result { () throws(FileError) in try Output.result(lines) }
        do throws(FileError) {
            try AtomicFile.write(json, to: path)
        } catch {
            throw Failure(.failed, "\(error); the scores are not kept, \(advice)")
        }
        try shown.get()
        try Output.result(others)
    }
}
