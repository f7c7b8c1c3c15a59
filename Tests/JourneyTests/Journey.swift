import Testing

/// One thing that a person does with the built program, and what it must answer: the row of a bug report.
struct Journey: Sendable, CustomTestStringConvertible {
    /// The folder that lies at `photos`; see `AwkwardFolders`.
    var folder: String
    /// A line of the shell. `diptych` is on the path, `tiny.yaml` is a pipeline that trains in a second.
    var command: String
    /// The exit code of the line.
    var exit: Int32
    /// Texts that must appear on standard output or standard error.
    var says: [String]
    /// Texts that must not appear.
    var never: [String]

    init(
        _ folder: String, _ command: String, exit: Int32 = 0, says: String..., never: [String] = []
    ) {
        self.folder = folder
        self.command = command
        self.exit = exit
        self.says = says
        self.never = never
    }

    var testDescription: String { "\(folder): \(command)" }

    /// No command may trap, print escape codes into a pipe, or show a stack.
    static let forbidden = ["Fatal error", "Crash", "Stack dump", "\u{1B}[", "core dumped"]

    /// Does it, and checks the answer.
    func check() throws {
        let desk = try Desk(folder: folder)
        let answer = try desk.run(command)
        #expect(answer.status == exit, "\(answer.text)")
        for text in says { #expect(answer.text.contains(text), "\(text) is not in: \(answer.text)") }
        for text in never + Journey.forbidden {
            #expect(!answer.text.contains(text), "\(text) is in: \(answer.text)")
        }
    }
}
