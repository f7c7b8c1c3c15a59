/// A file of JSON objects, one a line, that grows by whole lines.
public final class JSONLines {
    /// Where it lies.
    public let path: String
    private var file: AppendingFile?

    /// Names a file; nothing is opened.
    public init(_ path: String) { self.path = path }

    /// Makes the file if it is missing, so that a file that cannot be written is an error now.
    /// - Throws: `FileError`.
    public func open() throws(FileError) { if file == nil { file = try AppendingFile(path) } }

    /// Appends a record, which the system has when this returns.
    /// - Throws: `FileError`, as when the disk is full; `EncodingError`.
    public func append(_ record: some Encodable) throws {
        let line = try JSON.line(record)
        try open()
        try file?.append(line)
    }

    /// The lines of a type; others are left out. A missing file has none.
    public func records<Record: Decodable>(_ type: Record.Type = Record.self) -> [Record] {
        lines.compactMap { try? JSON.value(from: $0) }
    }

    /// Removes the lines that are not of a type or do not satisfy a condition.
    /// - Throws: `FileError`.
    public func keep<Record: Decodable>(_ type: Record.Type, where isKept: (Record) -> Bool) throws(FileError) {
        guard StoredFile.exists(path) else { return }
        let kept = lines.filter { line in (try? JSON.value(type, from: line)).map(isKept) ?? false }
        file = nil
        try AtomicFile.write(kept.flatMap { $0 + [0x0A] }, to: path)
    }

    private var lines: [Data] { ((try? StoredFile.read(path)) ?? Data()).split(separator: 0x0A) }
}
