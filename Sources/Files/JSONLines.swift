/// A file of JSON objects, one a line, that grows by whole lines.
public final class JSONLines {
    /// The path of the file.
    public let path: String
    private var file: AppendingFile?

    /// A file at `path`, which is not opened yet.
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

    /// The records of a type; other lines are skipped. A missing file has none.
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
