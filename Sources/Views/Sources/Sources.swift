import Files

/// One kind of source: which arguments it recognises, and how it opens them.
///
/// To add a kind, write one file for the source and add its name to `sourceKinds`.
protocol SourceKind: Source {
    /// Whether an argument names such a source. Only names are checked, not the contents of files.
    static func recognizes(_ argument: String) -> Bool

    /// Opens it.
    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> Self
}

/// The kinds of sources. The first that recognises an argument opens it.
let sourceKinds: [any SourceKind.Type] = [TarShards.self, ImageTable.self, CIFARBinary.self, ImageFolder.self]

/// How a source is opened, whatever its kind.
public struct SourceOptions: Sendable {
    /// The class names that define the labels, as for test images; nil for the source's own.
    public var classes: [String]?
    /// Bytes to fetch ahead if images are read run by run; 0 for none.
    public var readAhead = 0
    /// The share of a source that may be lost to folders that cannot be listed or shards that are damaged, 0...1.
    public var maximumBad = 0.01
    /// Columns of tables that are chosen by name; the others are found by their usual names.
    public var columns: [NamedColumn] = []
    /// The folder that paths of tables are relative to; nil for the table's own.
    public var root: String?
    /// Whether `pipe:COMMAND` is run. Only for a command's own argument, never for a path in a file.
    public var allowsCommands = false
    /// The number of threads that list files.
    public var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Called from time to time, from any thread, with the number of images found so far.
    public var progress: @Sendable (Int) -> Void = { _ in }

    /// The defaults.
    public init() {}
}

/// Opens the IMAGES of a command.
public enum Sources {
    /// Opens a folder of images, a folder of tar shards, a tar file, a pattern such as `shards-{000..123}.tar`,
    /// `pipe:COMMAND`, a table (.csv, .tsv or .jsonl, or a folder with its metadata.csv), or a folder of binary CIFAR
    /// files.
    /// - Throws: `DataError` if it cannot be used.
    public static func open(
        _ images: String, options: SourceOptions = SourceOptions()
    ) throws(DataError) -> any Source {
        try Archives.explain(images)
        return try checked(kind(of: images).open(images, options: options), images, options)
    }

    /// The source with the requested labels.
    /// - Throws: `DataError` if a larger share is lost than allowed.
    private static func checked(
        _ source: any Source, _ path: String, _ options: SourceOptions
    ) throws(DataError) -> any Source {
        try source.listing.check(path, allowing: options.maximumBad)
        return relabel(source, options.classes)
    }

    /// Opens the images at a place.
    static func open(_ place: FolderLayout.Place, options: SourceOptions) throws(DataError) -> any Source {
        switch place {
        case .path(let bytes): return try open(SystemPath.text(bytes), options: options)
        case .shards(let paths):
            let images = try TarShards(bytes: paths, options: .init(options))
            return try checked(images, paths.first.map { printable($0) } ?? "", options)
        case .opened(let source): return relabel(source, options.classes)
        case .records(let folder, let part): return try relabel(CIFARBinary(folder, part: part), options.classes)
        }
    }

    /// The source with the requested labels; most sources have them already.
    static func relabel(_ source: any Source, _ classes: [String]?) -> any Source {
        guard let classes, !ClassNames.areEqual(source.classes, classes) else { return source }
        return Relabelled(source, classes: classes)
    }

    /// The kind of an argument. The default is a folder, which then reports what is wrong.
    static func kind(of images: String) -> any SourceKind.Type {
        sourceKinds.first { $0.recognizes(images) } ?? ImageFolder.self
    }
}

extension ImageFolder: SourceKind {
    static func recognizes(_ argument: String) -> Bool { true }

    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> ImageFolder {
        try ImageFolder(argument, classes: options.classes, progress: options.progress)
    }
}

extension CIFARBinary: SourceKind {
    static func recognizes(_ argument: String) -> Bool {
        isPresent(in: argument, .train) || isPresent(in: argument, .test)
    }

    /// Opens the training images, or the test images if there are no others.
    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> CIFARBinary {
        try CIFARBinary(argument, part: isPresent(in: argument, .train) ? .train : .test)
    }
}

extension TarShards: SourceKind {
    static func recognizes(_ argument: String) -> Bool {
        PipedShards.recognizes(argument) || (isTar(Array(argument.utf8)) && !isFolder(argument))
            || !shards(in: argument).isEmpty
    }

    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> TarShards {
        if PipedShards.recognizes(argument) { return try PipedShards.open(argument, options: options) }
        let own = Options(options)
        if isFolder(argument) { return try TarShards(bytes: shards(in: argument), options: own) }
        // A file may have braces in its name.
        if StoredFile.exists(argument) { return try TarShards(shards: [argument], options: own) }
        return try TarShards(argument, options: own)
    }

    /// The shards in a folder by name; empty if it also holds images or folders.
    private static func shards(in folder: String) -> [[UInt8]] {
        guard isFolder(folder) else { return [] }
        var names: [[UInt8]] = []
        var holdsOthers = false
        _ = FolderEntries.each(of: SystemPath.bytes(folder)) { name, type in
            if name.first == UInt8(ascii: ".") || FolderEntries.isSystem(name) { return true }
            // A folder of images may be large, so listing stops at the first image.
            holdsOthers = FileKind(name: name) == .image || (!isTar(name) && type == DT_DIR)
            if isTar(name) { names.append(name) }
            return !holdsOthers
        }
        if holdsOthers { return [] }
        return names.sorted(by: precedes).map { join(SystemPath.bytes(folder), $0) }
    }
}

extension TarShards.Options {
    /// The options of a command.
    init(_ options: SourceOptions) {
        self.init()
        classes = options.classes
        readAhead = options.readAhead
        threads = options.threads
        progress = options.progress
    }
}

extension ImageTable: SourceKind {
    static func recognizes(_ argument: String) -> Bool {
        isFolder(argument) ? metadata(in: argument) != nil : mayBeTable(argument)
    }

    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> ImageTable {
        guard isFolder(argument) else { return try ImageTable(argument, options: options) }
        return try ImageTable(metadata(in: argument) ?? argument, options: options, standsFor: argument)
    }
}

/// Whether there is a folder at `path`. Links are followed.
func isFolder(_ path: String) -> Bool { Folder.exists(path) }
