import Commands
import Files
import Foundation

/// The file of a command's scores. If it is `-`, the scores are the only text on standard output.
struct ScoresFile {
    let path: String
    private let advice = "--output FILE writes them elsewhere"

    /// Notes at once if the file cannot be written, since the work may be long.
    init(_ path: String, _ console: Console) {
        self.path = path
        do throws(FileError) {
            try Output.check(path)
        } catch {
            console.notice("\(error); the scores will only be printed, \(advice)")
        }
    }

    /// Prints lines, then writes the file and prints the other lines, so that scores that cannot be written are at
    /// least seen.
    /// - Throws: `FileError`, `Failure`.
    func keep(_ json: Data, showing lines: [String], then others: [String]) throws {
        guard path != "-" else { return try Output.result(json) }
        // An error of standard output is thrown after the file is written.
        let shown = Result { () throws(FileError) in try Output.result(lines) }
        do throws(FileError) {
            try AtomicFile.write(json, to: path)
        } catch {
            throw Failure(.failed, "\(error); the scores are not saved, \(advice)")
        }
        try shown.get()
        try Output.result(others)
    }
}
