import Foundation

/// One kind of source: which arguments it is meant by, and how they are opened.
///
/// Extending: one file for the source, one name in `sourceKinds`.
protocol SourceKind: Source {
    /// Whether an argument names such a source; looks at names, not into files.
    static func recognizes(_ argument: String) -> Bool

    /// Opens it.
    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> Self

    /// The images to learn from and those to judge by, where the source itself tells them apart.
    static func parts(of argument: String, options: SourceOptions) throws(DataError) -> Split?
}

extension SourceKind {
    static func parts(of argument: String, options: SourceOptions) throws(DataError) -> Split? { nil }
}

/// The kinds of sources, the first that recognises an argument opens it.
let sourceKinds: [any SourceKind.Type] = [TarShards.self, CaptionsFile.self, CIFARBinary.self, ImageFolder.self]

/// How a source is opened, whatever its kind.
public struct SourceOptions: Sendable {
    /// The classes to label by, as for test images beside training images; nil for the source's own.
    public var classes: [String]?
    /// Bytes to fetch ahead of what is read, where images are read run by run; 0 for none.
    public var readAhead = 0
    /// Threads that list.
    public var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Told the images found so far, from any thread, now and then.
    public var progress: @Sendable (Int) -> Void = { _ in }

    /// The defaults.
    public init() {}
}

/// Opens what a command is given as IMAGES.
public enum Sources {
    /// Opens a folder of images, a folder of tar shards, a tar file, a pattern such as `shards-{000..123}.tar`, a captions file
    /// (.tsv, .csv or .jsonl), or a folder of binary CIFAR files.
    /// - Throws: `DataError` where it cannot be used.
    public static func open(
        _ images: String, options: SourceOptions = SourceOptions()
    ) throws(DataError) -> any Source {
        try relabel(kind(of: images).open(images, options: options), options.classes)
    }

    /// The source with the labels that were asked for; most have them already.
    static func relabel(_ source: any Source, _ classes: [String]?) -> any Source {
        guard let classes, source.classes != classes else { return source }
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

    static func parts(of argument: String, options: SourceOptions) throws(DataError) -> Split? {
        guard isPresent(in: argument, .train), isPresent(in: argument, .test) else { return nil }
        let train = try CIFARBinary(argument, part: .train)
        let test = try CIFARBinary(argument, part: .test)
        return Split(
            train: train, test: test, origin: .folders(train: train.fileNames, test: test.fileNames),
            issues: train.listing.issues + test.listing.issues)
    }
}

extension TarShards: SourceKind {
    static func recognizes(_ argument: String) -> Bool {
        (argument.hasSuffix(".tar") && !isFolder(argument)) || !shards(in: argument).isEmpty
    }

    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> TarShards {
        var own = Options()
        own.classes = options.classes
        own.readAhead = options.readAhead
        own.threads = options.threads
        own.progress = options.progress
        if isFolder(argument) { return try TarShards(bytes: shards(in: argument), options: own) }
        // A file may have braces in its name.
        if access(argument, F_OK) == 0 { return try TarShards(shards: [argument], options: own) }
        return try TarShards(argument, options: own)
    }

    /// The shards in a folder by name, where it holds no images or folders beside them.
    private static func shards(in folder: String) -> [[UInt8]] {
        guard isFolder(folder), let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        while let entry = readdir(stream) {
            let start = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            let name = [UInt8](UnsafeRawBufferPointer(start: start, count: strlen(start)))
            if name.first == UInt8(ascii: ".") { continue }
            let isTar = name.count > 4 && name.suffix(4).elementsEqual(Array(".tar".utf8))
            // A folder of images is none of ours, and may be long: the first of them decides.
            if FileKind(name: name) == .image || (!isTar && entry.pointee.d_type == UInt8(DT_DIR)) { return [] }
            if isTar { names.append(name) }
        }
        return names.sorted(by: precedes).map { join(Array(folder.utf8), $0) }
    }
}

extension CaptionsFile: SourceKind {
    static func recognizes(_ argument: String) -> Bool {
        Format(name: argument) != nil && !isFolder(argument)
    }

    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> CaptionsFile {
        try CaptionsFile(argument)
    }
}

/// Whether there is a folder at `path`, links followed.
func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
