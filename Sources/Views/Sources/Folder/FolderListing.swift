import Files

/// Walks a folder and lists its images by the bytes of their names: links followed, loops and failures noted.
struct FolderListing {
    /// Paths relative to the root, one after another without separators.
    private(set) var text: [UInt8] = []
    /// The range of each image's path in `text`.
    private(set) var images: [Range<Int>] = []
    /// What was found besides the images.
    private(set) var notes = SourceListing()

    /// The number of folders, and of those that could not be listed.
    private(set) var folders = (all: 0, lost: 0)

    /// Entries with the name of an image that cannot be used: links to nothing, pipes.
    private(set) var lostFiles = 0

    /// Whether any link was followed, or may have been if the file system does not mark links.
    private(set) var hasLinks = false

    struct Identity: Hashable {
        let device: dev_t
        let node: ino_t

        /// The file or folder that a path leads to; nil if there is none.
        init?(of path: UnsafePointer<CChar>) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, node) = (status.st_dev, status.st_ino)
        }
    }

    private enum Kind {
        case file, folder, other
    }

    private let root: [UInt8]
    private let progress: (Int) -> Void
    private var visits: [Identity: Int] = [:]
    /// Images found so far, including those of folders that are not yet sorted in.
    private var met = 0

    static let maximumDepth = 64
    /// Several links to one folder multiply the listed images, so visits are limited.
    static let maximumVisits = 16

    /// - Parameters:
    ///   - root: the root's path in the bytes of the file system.
    ///   - progress: called from time to time with the number of images found so far.
    init(root: [UInt8], progress: @escaping (Int) -> Void = { _ in }) {
        self.root = root
        self.progress = progress
    }

    /// The number of images in a folder and its subfolders.
    static func count(of folder: [UInt8]) -> Int {
        var listing = FolderListing(root: folder)
        return listing.add(folder: []).count
    }

    /// The sorted names of the folders and images directly inside the root, by the same rules as `add`.
    mutating func topLevel() throws(DataError) -> (folders: [[UInt8]], images: [[UInt8]]) {
        var folders: [[UInt8]] = []
        var images: [[UInt8]] = []
        let failure = scan([]) { name, kind in
            if kind == .folder { folders.append(name) } else { images.append(name) }
        }
        if let failure { throw DataError(path: printable(root), reason: failure) }
        return (folders.sorted(by: precedes), images.sorted(by: precedes))
    }

    /// Adds the images of a folder and its subfolders, folders by path in the order of bytes, then files by name.
    /// Returns the range of the new images.
    mutating func add(folder: [UInt8]) -> Range<Int> {
        let start = images.count
        var found: [(folder: [UInt8], files: [[UInt8]])] = []
        // A link back to the root is also a loop.
        let above = folder.isEmpty ? nil : identity(of: [])
        walk(folder, ancestors: above.map { [$0] } ?? [], into: &found)
        found.sort { precedes($0.folder, $1.folder) }
        for (folder, files) in found {
            for file in files.sorted(by: precedes) {
                let first = text.count
                if !folder.isEmpty {
                    text += folder
                    text.append(UInt8(ascii: "/"))
                }
                text += file
                images.append(first..<text.count)
            }
        }
        return start..<images.count
    }

    mutating func note(_ kind: SourceIssue.Kind, _ path: [UInt8], _ reason: String) {
        notes.note(kind, path.isEmpty ? "." : printable(path), reason)
    }

    /// Counts the images of a folder that is not one of the requested classes; they are skipped.
    mutating func leaveOut(class folder: [UInt8], _ place: ClassNames.Place) {
        var other = FolderListing(root: root)
        let images = other.add(folder: folder).count
        notes.note(unknown: printable(folder), place, images: images, isListed: false)
    }

    private func identity(of folder: [UInt8]) -> Identity? {
        withPath(folder) { Identity(of: $0) }
    }

    private mutating func walk(
        _ folder: [UInt8], ancestors: [Identity], into found: inout [(folder: [UInt8], files: [[UInt8]])]
    ) {
        folders.all += 1
        guard let identity = identity(of: folder) else {
            folders.lost += 1
            return note(.unreadable, folder, systemReason())
        }
        guard !ancestors.contains(identity), ancestors.count < FolderListing.maximumDepth else {
            return note(.loop, folder, "is linked into itself; not followed")
        }
        visits[identity, default: 0] += 1
        guard visits[identity, default: 0] <= FolderListing.maximumVisits else {
            return note(.loop, folder, "is linked to more than \(FolderListing.maximumVisits) times; not followed")
        }
        var files: [[UInt8]] = []
        var inside: [[UInt8]] = []
        let failure = scan(folder) { name, kind in
            if kind == .folder { inside.append(name) } else { files.append(name) }
        }
        if let failure {
            folders.lost += 1
            note(.unreadable, folder, failure)
        }
        found.append((folder, files))
        for name in inside.sorted(by: precedes) {
            walk(join(folder, name), ancestors: ancestors + [identity], into: &found)
        }
    }

    /// Calls `body` for each folder and image. Returns the reason if the folder cannot be listed.
    private mutating func scan(_ folder: [UInt8], _ body: ([UInt8], Kind) -> Void) -> String? {
        FolderEntries.each(of: join(root, folder)) { name, type in
            if name.first == UInt8(ascii: ".") {
                notes.hiddenEntries += 1
                return true
            }
            if FolderEntries.isSystem(name) {
                notes.systemEntries += 1
                return true
            }
            var named = FileKind(name: name)
            guard let kind = kind(of: name, in: folder, type: type) else {
                if named == .image { lostFiles += 1 }
                return true
            }
            if named == .unnamed, kind == .file, isPicture(join(folder, name)) { named = .image }
            switch (kind, named) {
            case (.folder, _): body(name, .folder)
            case (.file, .image):
                body(name, .file)
                met += 1
                if met % 8192 == 0 { progress(met) }
            case (_, .image):
                lostFiles += 1
                note(.notAFile, join(folder, name), "is not a file")
            case (.file, .foreign(let ending)):
                notes.ignoredFiles += 1
                notes.foreign[ending, default: .init()].add(printable(join(folder, name)))
            default: notes.ignoredFiles += 1
            }
            return true
        }
    }

    private mutating func kind(of name: [UInt8], in folder: [UInt8], type: Int) -> Kind? {
        switch type {
        case Int(DT_REG): return .file
        case Int(DT_DIR): return .folder
        case Int(DT_LNK), Int(DT_UNKNOWN): hasLinks = true
        default: return .other
        }
        var status = stat()
        let path = join(folder, name)
        guard withPath(path, { stat($0, &status) }) == 0 else {
            if errno == ELOOP {
                note(.loop, path, "is a link that leads to itself")
            } else if errno == ENOENT {
                note(.brokenLink, path, "is a link to nothing")
            } else {
                note(.unreadable, path, systemReason())
            }
            return nil
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// Whether a file begins with the signature of a picture.
    private func isPicture(_ path: [UInt8]) -> Bool {
        let file = withPath(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard file >= 0 else { return false }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { bytes in
            let count = read(file, bytes.baseAddress, bytes.count)
            return count > 0 && ImageFormat.recognizes(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
    }

    private func withPath<Result>(_ relative: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let path = join(root, relative) + [0]
        return path.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress.unsafelyUnwrapped) }
        }
    }
}

/// Whether one name precedes another by bytes; for UTF-8 this is Python's order of code points.
func precedes(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    let order = memcmp(first, second, min(first.count, second.count))
    return order == 0 ? first.count < second.count : order < 0
}

func join(_ folder: [UInt8], _ name: [UInt8]) -> [UInt8] {
    if folder.isEmpty { return name }
    if name.isEmpty { return folder }
    return folder.last == UInt8(ascii: "/") ? folder + name : folder + [UInt8(ascii: "/")] + name
}
