import Files

/// One kind of source: which arguments it is meant by, and how they are opened.
///
/// Extending: one file for the source, one name in `sourceKinds`.
protocol SourceKind: Source {
    /// Whether an argument names such a source; looks at names, not into files.
    static func recognizes(_ argument: String) -> Bool

    /// Opens it.
    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> Self
}

/// The kinds of sources, the first that recognises an argument opens it.
let sourceKinds: [any SourceKind.Type] = [TarShards.self, ImageTable.self, CIFARBinary.self, ImageFolder.self]

/// How a source is opened, whatever its kind.
public struct SourceOptions: Sendable {
    /// The classes to label by, as for test images beside training images; nil for the source's own.
    public var classes: [String]?
    /// Bytes to fetch ahead of what is read, where images are read run by run; 0 for none.
    public var readAhead = 0
    /// The share of a source that may be lost to folders that cannot be listed or shards that are damaged, 0...1.
    public var maximumBad = 0.01
    /// Columns of tables that are chosen by name; the others are found by the names that are known.
    public var columns: [NamedColumn] = []
    /// The folder that paths of tables are relative to; nil for the table's own.
    public var root: String?
    /// Whether `pipe:COMMAND` is run; only for what a person typed, never for what a file says.
    public var allowsCommands = false
    /// Threads that list.
    public var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Told the images found so far, from any thread, now and then.
    public var progress: @Sendable (Int) -> Void = { _ in }

    /// The defaults.
    public init() {}
}

/// Opens what a command is given as IMAGES.
public enum Sources {
    /// Opens a folder of images, a folder of tar shards, a tar file, a pattern such as `shards-{000..123}.tar`,
    /// `pipe:COMMAND`, a table (.csv, .tsv or .jsonl, or a folder with its metadata.csv), or a folder of binary CIFAR files.
    /// - Throws: `DataError` where it cannot be used.
    public static func open(
        _ images: String, options: SourceOptions = SourceOptions()
    ) throws(DataError) -> any Source {
        try Archives.explain(images)
        return try checked(kind(of: images).open(images, options: options), images, options)
    }

    /// The source with the labels that were asked for.
    /// - Throws: `DataError` where more of it is lost than allowed.
    private static func checked(
        _ source: any Source, _ path: String, _ options: SourceOptions
    ) throws(DataError) -> any Source {
        try source.listing.check(path, allowing: options.maximumBad)
        return relabel(source, options.classes)
    }

    /// Opens what lies at a place.
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

    /// The source with the labels that were asked for; most have them already.
    static func relabel(_ source: any Source, _ classes: [String]?) -> any Source {
        guard let classes, !ClassNames.areEqual(source.classes, classes) else { return source }
        return Relabelled(source, classes: classes)
    }

    /// The kind that an argument is; a folder where nothing else is recognised, which then says what is wrong.
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

    /// The training images, or the test images where there are no others.
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

    /// The shards in a folder by name, where it holds no images or folders beside them.
    private static func shards(in folder: String) -> [[UInt8]] {
        guard isFolder(folder) else { return [] }
        var names: [[UInt8]] = []
        var holdsOthers = false
        _ = FolderEntries.each(of: SystemPath.bytes(folder)) { name, type in
            if name.first == UInt8(ascii: ".") || FolderEntries.isSystem(name) { return true }
            // A folder of images is none of ours, and may be long: the first of them decides.
            holdsOthers = FileKind(name: name) == .image || (!isTar(name) && type == DT_DIR)
            if isTar(name) { names.append(name) }
            return !holdsOthers
        }
        if holdsOthers { return [] }
        return names.sorted(by: precedes).map { join(SystemPath.bytes(folder), $0) }
    }
}

extension TarShards.Options {
    /// What a command asks for.
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

/// Whether there is a folder at `path`, links followed.
func isFolder(_ path: String) -> Bool { Folder.exists(path) }
