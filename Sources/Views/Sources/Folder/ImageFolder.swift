import Files

/// Images in a folder, in the order and with the labels of torchvision's `ImageFolder`.
///
/// The folders directly inside the root are the classes, sorted by name. The images below them are listed folder by
/// folder in the order of bytes. A root with images directly inside is unlabelled, including its subfolders, so that no
/// image is skipped (`labels: .required` skips them instead). Unlike torchvision's, class folders without images get no
/// label (unreadable ones keep theirs), and hidden and system folders are skipped. A file is an image if it has an
/// extension of `ImageFormat`, or no extension but the signature of such a picture. Names may hold any bytes. The
/// caption of `NAME.jpg` is the text of `NAME.txt` beside it.
public struct ImageFolder: Source {
    /// Whether the folders directly inside the root are classes.
    public enum Labels: Sendable {
        /// They are classes, unless there are images beside them.
        case automatic
        /// They are classes; images beside them are skipped.
        case required
        /// They are not classes.
        case none
    }

    /// The root, printable.
    public let root: String
    /// Class names, whose indices are the labels; empty if nothing is labelled.
    public let classes: [String]
    /// What was skipped, and other notes.
    public let listing: SourceListing

    private let rootBytes: [UInt8]
    private let text: [UInt8]
    private let images: [Range<Int>]
    private let labels: [Int]
    private let hasLinks: Bool

    /// Lists a folder; reads no image.
    /// - Parameters:
    ///   - root: the folder.
    ///   - labels: whether the folders inside are classes.
    ///   - classes: the class names that define the labels, as for test images; other folders are skipped.
    ///   - progress: called with the number of images found so far, every 8,192 images.
    /// - Throws: `DataError` if the folder cannot be listed or holds no image.
    public init(
        _ root: String, labels: Labels = .automatic, classes: [String]? = nil,
        progress: @escaping (Int) -> Void = { _ in }
    ) throws(DataError) {
        try self.init(bytes: SystemPath.bytes(root), labels: labels, classes: classes, progress: progress)
    }

    /// Lists a folder whose path is given in the bytes of the file system.
    public init(
        bytes root: [UInt8], labels: Labels = .automatic, classes known: [String]? = nil,
        progress: @escaping (Int) -> Void = { _ in }
    ) throws(DataError) {
        var listing = FolderListing(root: root, progress: progress)
        let top = try listing.topLevel()
        var classes: [String] = []
        var found: [Int] = []
        let names = top.folders.map { printable($0) }
        let places = known.map { ClassNames.places(of: names, in: $0) }
        var labelled = !top.folders.isEmpty
        switch labels {
        case .none: labelled = false
        case .required: break
        case .automatic:
            // If none of the folders is a requested class, they are not classes.
            let areClasses = places.map { $0.contains { $0 != .missing } } ?? top.images.isEmpty
            labelled = labelled && areClasses
        }
        if labelled {
            if !top.images.isEmpty {
                listing.note(.mixed, top.images[0], "is one of \(top.images.count) images beside classes, skipped")
            }
            classes = known ?? []
            for (index, folder) in top.folders.enumerated() {
                if let place = places?[index], place.index == nil {
                    listing.leaveOut(class: folder, place)
                    continue
                }
                let (foreign, lost) = (listing.notes.foreign, listing.folders.lost)
                let range = listing.add(folder: folder)
                // An unreadable class keeps its label, so that the other labels do not change.
                if range.isEmpty, listing.folders.lost == lost {
                    let others = listing.notes.foreign(since: foreign).map { ", but \($0)" } ?? ""
                    listing.note(.emptyClass, folder, "holds no images\(others), so it is not a class")
                    continue
                }
                if known == nil { classes.append(names[index]) }
                let label = places?[index].index ?? classes.count - 1
                found += repeatElement(label, count: range.count)
            }
        } else {
            // A new listing, so that nothing is noted twice.
            listing = FolderListing(root: root, progress: progress)
            _ = listing.add(folder: [])
            if case .automatic = labels, let folder = top.folders.first, known != nil {
                listing.note(
                    .unknownClass, folder,
                    "and the folders beside it are not classes of the training images, so all images are unlabelled")
            } else if case .automatic = labels, let image = top.images.first, !top.folders.isEmpty {
                listing.note(
                    .mixed, image,
                    "is one of \(top.images.count) images beside \(top.folders.count) folders, so all are unlabelled")
            }
        }
        guard !listing.images.isEmpty else {
            throw DataError(path: printable(root), reason: listing.notes.emptiness)
        }
        self.root = printable(root)
        rootBytes = root
        self.classes = classes
        self.labels = found
        text = listing.text
        images = listing.images
        var notes = listing.notes
        notes.lost = max(
            Double(listing.folders.lost) / Double(max(1, listing.folders.all)),
            Double(listing.lostFiles) / Double(max(1, listing.images.count + listing.lostFiles)))
        self.listing = notes
        hasLinks = listing.hasLinks
    }

    /// What was skipped, and other notes.
    public var issues: [SourceIssue] { listing.issues }

    /// The number of files without an image's extension.
    public var ignoredFiles: Int { listing.ignoredFiles }

    /// The number of entries whose names start with a full stop.
    public var hiddenEntries: Int { listing.hiddenEntries }

    /// Number of images.
    public var count: Int { images.count }

    /// The class of an image; nil if unlabelled.
    public func label(_ index: Int) -> Int? { labels.isEmpty ? nil : labels[index] }

    /// The printable path relative to the root.
    public func name(_ index: Int) -> String { printable(text[images[index]]) }

    /// Reads an image's encoded bytes.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        let result = withPath(index) { path in
            Result { () throws(DecodeError) in try buffer.read(path: path, name: self.path(index)) }
        }
        try result.get()
    }

    /// The size of the image's file; nil if the file system does not report it.
    public func byteCount(_ index: Int) -> Int? {
        var status = stat()
        return withPath(index) { stat($0, &status) } == 0 ? Int(status.st_size) : nil
    }

    /// Images with several names, by symbolic links to them or to their folders. Searched only if there are such links.
    public var links: [Int: Int] {
        guard hasLinks else { return [:] }
        var first: [FolderListing.Identity: Int] = [:]
        var links: [Int: Int] = [:]
        for index in 0..<count {
            guard let identity = withPath(index, { FolderListing.Identity(of: $0) }) else { continue }
            if let original = first[identity] { links[index] = original } else { first[identity] = index }
        }
        return links
    }

    /// The text of `NAME.txt` beside `NAME.jpg`, with invalid UTF-8 replaced; nil if there is no such file.
    public func caption(_ index: Int) throws(DecodeError) -> String? {
        let image = text[images[index]]
        let point = image.lastIndex(of: UInt8(ascii: ".")).flatMap { FileKind(name: image) == .image ? $0 : nil }
        let name = Array(image[..<(point ?? image.endIndex)]) + Array(".txt".utf8)
        let path = (join(rootBytes, name) + [0]).map { CChar(bitPattern: $0) }
        guard access(path, F_OK) == 0 else { return nil }
        let buffer = FileBuffer(limit: ShardIndex.captionLimit)
        do throws(DecodeError) {
            try buffer.read(path: path, name: printable(join(rootBytes, name)))
        } catch {
            if error.kind == .empty { return "" }
            throw error
        }
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// The printable path, including the root.
    public func path(_ index: Int) -> String { printable(join(rootBytes, Array(text[images[index]]))) }

    private func withPath<Result>(_ index: Int, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let path = join(rootBytes, Array(text[images[index]])) + [0]
        return path.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress.unsafelyUnwrapped) }
        }
    }
}
