import Files

/// Walks a folder and lists its images by the bytes of their names: links followed, loops and failures noted.
struct FolderListing {
    /// Paths relative to the root, one after another without separators.
    private(set) var text: [UInt8] = []
    /// The range of each image's path in `text`.
    private(set) var images: [Range<Int>] = []
    /// What was found beside the images.
    private(set) var notes = SourceListing()

    /// Folders listed, and those of them that could not be.
    private(set) var folders = (all: 0, lost: 0)

    /// Files that are images by their names and cannot be listed: links to nothing, pipes.
    private(set) var lostFiles = 0

    /// Whether any link was followed, or may have been where the file system does not say what is one.
    private(set) var hasLinks = false

    struct Identity: Hashable {
        let device: dev_t
        let node: ino_t

        /// Which file or folder a path leads to; nil where to none.
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
    /// Images met so far, those of folders that are not sorted in yet included.
    private var met = 0

    static let maximumDepth = 64
    /// Links that lead to one folder on different ways double what is listed at each, so they are bounded.
    static let maximumVisits = 16

    /// - Parameters:
    ///   - root: the root's path in the bytes of the file system.
    ///   - progress: told the images found so far, now and then.
    init(root: [UInt8], progress: @escaping (Int) -> Void = { _ in }) {
        self.root = root
        self.progress = progress
    }

    /// Number of images in and below a folder.
    static func count(of folder: [UInt8]) -> Int {
        var listing = FolderListing(root: folder)
        return listing.add(folder: []).count
    }

    /// The names of the folders directly inside, sorted, and of the images directly inside, by the same rules as below.
    mutating func topLevel() throws(DataError) -> (folders: [[UInt8]], images: [[UInt8]]) {
        var folders: [[UInt8]] = []
        var images: [[UInt8]] = []
        let failure = scan([]) { name, kind in
            if kind == .folder { folders.append(name) } else { images.append(name) }
        }
        if let failure { throw DataError(path: printable(root), reason: failure) }
        return (folders.sorted(by: precedes), images.sorted(by: precedes))
    }

    /// Adds the images in and below a folder, folders by their whole paths in the order of bytes, then files by name;
    /// returns the range of the new images.
    mutating func add(folder: [UInt8]) -> Range<Int> {
        let start = images.count
        var found: [(folder: [UInt8], files: [[UInt8]])] = []
        // A link back to the root is a loop too.
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

    /// Counts the images of a folder that is none of the classes asked for, which are left out.
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

    /// Calls `body` for each folder and image; returns why the folder cannot be listed.
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

    /// Whether a file begins as a picture does.
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

/// The order of bytes, which for UTF-8 is Python's order of code points.
func precedes(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    let order = memcmp(first, second, min(first.count, second.count))
    return order == 0 ? first.count < second.count : order < 0
}

func join(_ folder: [UInt8], _ name: [UInt8]) -> [UInt8] {
    if folder.isEmpty { return name }
    if name.isEmpty { return folder }
    return folder.last == UInt8(ascii: "/") ? folder + name : folder + [UInt8(ascii: "/")] + name
}
