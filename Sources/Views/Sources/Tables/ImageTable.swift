import Files
import Synchronization

/// Images that a table lists: a .csv or .tsv file, or a .jsonl file with one object per line.
///
/// A row has an image's path, relative to the table's folder, and other columns (`ImageColumn`): a label, labels with
/// `|` between them, a value, a side, a group, a caption, a weight. The first row names the columns; without known
/// names, a row of two fields is a path and a caption. A quoted field may hold separators, line ends and doubled
/// quotes. In a table with tabs, quotes have a meaning only around a whole field. Rows whose image does not exist are
/// skipped and counted. An image may have several rows, which stay on one side of a split.
public struct ImageTable: Source {
    /// The most bytes of a table.
    public static let maximumBytes = 1 << 31

    /// Class names, whose indices are the labels; empty without a column of labels.
    public let classes: [String]
    /// What was skipped, and the meaning of each column.
    public let listing: SourceListing

    private let folder: [UInt8]
    private let rows: TableRows

    /// Reads a table and checks which of its images exist, without reading them.
    /// - Parameters:
    ///   - path: the table.
    ///   - options: chosen columns, the folder that paths are relative to, threads.
    ///   - images: the folder that was given and holds the table; nil if the table itself was given.
    /// - Throws: `DataError` with the line if a row is invalid, or if no image exists.
    public init(
        _ path: String, options: SourceOptions = SourceOptions(), standsFor images: String? = nil
    ) throws(DataError) {
        let buffer = FileBuffer(limit: ImageTable.maximumBytes)
        do throws(DecodeError) {
            try buffer.read(path: path, name: path)
        } catch {
            throw DataError(path: path, reason: error.kind == .empty ? "names no images" : error.reason)
        }
        try self.init(buffer.bytes, path: path, options: options, standsFor: images, looks: true)
    }

    /// Reads the text of a table and assumes that every image exists. Images are relative to the folder of `path`,
    /// whose extension gives the format.
    public init(
        _ bytes: UnsafeRawBufferPointer, path: String, options: SourceOptions = SourceOptions()
    ) throws(DataError) {
        try self.init(bytes, path: path, options: options, standsFor: nil, looks: false)
    }

    private init(
        _ bytes: UnsafeRawBufferPointer, path: String, options: SourceOptions, standsFor images: String?, looks: Bool
    ) throws(DataError) {
        guard let format = TableFormat(opening: bytes, name: path, chosen: options.columns) else {
            throw DataError(path: path, reason: "is no table; its name must end in .csv, .tsv or .jsonl")
        }
        let reader: TableReader
        do throws(TableDamage) {
            reader = try TableReader(bytes, format: format, chosen: options.columns)
        } catch {
            throw DataError(path: path, reason: "line \(error.line): \(error.reason)")
        }
        let folder = options.root.map { SystemPath.bytes($0) } ?? SystemPath.bytes(SystemPath.folder(of: path))
        let present =
            looks
            ? ImageTable.present(reader.rows, in: folder, threads: options.threads, progress: options.progress) : nil
        var rows = reader.rows
        guard rows.count > 0 else { throw DataError(path: path, reason: "names no images") }
        var listing = SourceListing()
        listing.note(.columns, "columns", ImageTable.words(reader))
        if let present { try rows.keepPresent(present, path: path, folder: folder, &listing) }
        if images != nil, rows.columns.columns.isDisjoint(with: [.label, .labels, .value]) { rows.labelByFolders() }
        if let said = rows.columns.findSides() {
            listing.note(.columns, SystemPath.printable(reader.names[.split] ?? ""), said)
        }
        classes = rows.makeClasses(path, &listing)
        ImageTable.noteRepeats(of: rows, path, &listing)
        if let images {
            let others = FolderListing.count(of: SystemPath.bytes(images)) - rows.distinctPaths
            if others > 0 {
                listing.note(
                    .skipped, path, "does not name \(counted(others, "image")) in \(images), which are skipped")
            }
        }
        self.rows = rows
        self.folder = folder
        self.listing = listing
    }

    /// Number of rows.
    public var count: Int { rows.count }

    /// The columns of the table besides paths.
    public var columns: Set<ImageColumn> { rows.columns.columns.subtracting([.path]) }

    /// The class of a row; nil if it has none, or several.
    public func label(_ index: Int) -> Int? { rows.columns.label(index) }

    /// All classes of a row.
    public func labels(_ index: Int) -> [Int] { rows.columns.labels(index) }

    /// The other fields of a row.
    public func fields(_ index: Int) -> ImageFields { rows.columns.fields(index) }

    /// The path as written in the table.
    public func name(_ index: Int) -> String { printable(rows.name(index)) }

    /// The caption of a row.
    public func caption(_ index: Int) throws(DecodeError) -> String? {
        let caption = rows.caption(index)
        return caption.isEmpty ? nil : String(decoding: caption, as: UTF8.self)
    }

    /// The size of the image's file; nil if the file system does not report it.
    public func byteCount(_ index: Int) -> Int? {
        var status = stat()
        let path = ImageTable.join(folder, rows.name(index)) + [0]
        let found = path.withUnsafeBytes {
            stat($0.assumingMemoryBound(to: CChar.self).baseAddress.unsafelyUnwrapped, &status)
        }
        return found == 0 ? Int(status.st_size) : nil
    }

    /// Reads an image's encoded bytes.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        let path = ImageTable.join(folder, rows.name(index))
        let result = (path + [0]).withUnsafeBytes { bytes in
            Result { () throws(DecodeError) in
                try buffer.read(
                    path: bytes.assumingMemoryBound(to: CChar.self).baseAddress.unsafelyUnwrapped,
                    name: printable(path))
            }
        }
        try result.get()
    }

    /// Rows that name an image again.
    public var links: [Int: Int] { rows.distinctPaths < count ? rows.repeats : [:] }

    // MARK: Opening

    /// Whether a file is a table by its extension, or for .txt by its first line.
    static func mayBeTable(_ path: String) -> Bool {
        let name = path.lowercased()
        if [".csv", ".tsv", ".jsonl"].contains(where: name.hasSuffix) { return true }
        guard name.hasSuffix(".txt"), let head = head(of: path) else { return false }
        return head.withUnsafeBytes { TableFormat(opening: $0, name: name) } != nil
    }

    /// The table inside a folder of images that describes them, as in Hugging Face's ImageFolder; nil if there is none.
    static func metadata(in folder: String) -> String? {
        ["metadata.csv", "metadata.jsonl"].lazy.map { Folder.join(folder, $0) }.first { path in
            guard let head = head(of: path) else { return false }
            return head.withUnsafeBytes { bytes in
                guard let format = TableFormat(opening: bytes, name: path) else { return false }
                return TableReader.namesImages(bytes, format: format)
            }
        }
    }

    /// The first bytes of a file; nil if it cannot be read.
    private static func head(of path: String) -> [UInt8]? {
        let buffer = FileBuffer()
        guard let (handle, file) = try? ShardFiles.open(SystemPath.bytes(path)),
            (try? buffer.read(file: handle.file, offset: 0, count: min(file.size, TableFormat.looked), name: path))
                != nil
        else { return nil }
        return Array(buffer.bytes)
    }

    /// The path of a name in a folder; a name that begins with a slash is already complete.
    fileprivate static func join(_ folder: [UInt8], _ name: ArraySlice<UInt8>) -> [UInt8] {
        name.first == UInt8(ascii: "/") ? Array(name) : Views.join(folder, Array(name))
    }

    /// Checks on several threads which paths exist.
    private static func present(
        _ rows: TableRows, in folder: [UInt8], threads: Int, progress: @escaping @Sendable (Int) -> Void
    ) -> [Bool] {
        let (paths, chunk) = (rows.paths, 8192)
        let next = Atomic<Int>(0)
        let done = Atomic<Int>(0)
        let found = Locked<[Bool]>(Array(repeating: true, count: paths.count))
        Workers.run(min(threads, (paths.count + chunk - 1) / chunk)) {
            var path = folder + (folder.isEmpty || folder.last == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")])
            let start = path.count
            while true {
                let first = next.add(chunk, ordering: .relaxed).oldValue
                guard first < paths.count else { return }
                var missing: [Int] = []
                for place in first..<min(first + chunk, paths.count) {
                    path.removeLast(path.count - start)
                    let name = paths[place]
                    path.append(contentsOf: name)
                    path.append(0)
                    let from = name.first == UInt8(ascii: "/") ? start : 0
                    let isThere = path.withUnsafeBytes { bytes in
                        access(bytes.assumingMemoryBound(to: CChar.self).baseAddress.unsafelyUnwrapped + from, F_OK)
                            == 0
                    }
                    if !isThere { missing.append(place) }
                }
                found.withLock { found in for place in missing { found[place] = false } }
                progress(min(paths.count, done.add(chunk, ordering: .relaxed).newValue))
            }
        }
        return found.withLock { $0 }
    }

    /// The meaning of each column in words.
    private static func words(_ reader: TableReader) -> String {
        let used = ImageColumn.allCases.compactMap { column in
            reader.names[column].map { name in
                "\(SystemPath.printable(name)) is \(column == .labels ? "the labels" : "the \(column.rawValue)")"
            }
        }
        let names = reader.unused.prefix(5).map { SystemPath.printable($0) }.joined(separator: ", ")
        let more = reader.unused.count > 5 ? " and \(reader.unused.count - 5) more" : ""
        return used.joined(separator: ", ") + (names.isEmpty ? "" : "; not used: \(names)\(more)")
    }

    /// Notes rows that repeat an image, unless they add a caption.
    private static func noteRepeats(of rows: TableRows, _ path: String, _ listing: inout SourceListing) {
        guard rows.distinctPaths < rows.count else { return }
        let repeats = rows.repeats
        let others = Set(repeats.filter { rows.columns.labels($0) != rows.columns.labels($1) }.values)
        guard let first = repeats.keys.min(), !rows.columns.columns.contains(.caption) || !others.isEmpty else {
            return
        }
        let conflict =
            others.isEmpty
            ? "" : "; \(counted(others.count, "image")) \(others.count == 1 ? "has" : "have") several labels"
        listing.note(
            .duplicate, path,
            "\(counted(repeats.count, "row")) \(repeats.count == 1 ? "names" : "name") an image again; the first is "
                + "\(printable(rows.name(first)))\(conflict)")
    }
}

extension TableRows {
    /// Keeps the rows whose images exist, and notes how many do not.
    fileprivate mutating func keepPresent(
        _ present: [Bool], path table: String, folder: [UInt8], _ listing: inout SourceListing
    ) throws(DataError) {
        guard let first = path.first(where: { !present[Int($0)] }) else { return }
        let (all, kept) = (count, (0..<count).filter { present[Int(path[$0])] })
        let example = printable(ImageTable.join(folder, paths[Int(first)]))
        guard !kept.isEmpty else {
            throw DataError(
                path: table,
                reason:
                    "none of its \(counted(all, "image")) exists, the first is \(example); --root FOLDER sets the "
                    + "folder that paths are relative to")
        }
        keep(kept)
        let missing = all - count
        listing.note(
            .missing, table,
            "\(grouped(missing)) of \(counted(all, "image")) "
                + "\(missing == 1 ? "does not exist and is" : "do not exist and are") skipped; the first is \(example)")
        listing.lost = Double(missing) / Double(all)
    }
}
