import Files

/// The entries of a folder, as bytes of the file system.
enum FolderEntries {
    /// Calls `body` with the name and `d_type` of each entry except `.` and `..`, until it returns false.
    /// - Returns: why the folder cannot be listed; nil if it can.
    static func each(of path: [UInt8], _ body: (_ name: [UInt8], _ type: Int) -> Bool) -> String? {
        let stream = (path + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { opendir($0.baseAddress.unsafelyUnwrapped) }
        }
        guard let stream else { return systemReason() }
        defer { closedir(stream) }
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        while true {
            errno = 0
            guard let entry = readdir(stream) else { return errno == 0 ? nil : systemReason() }
            // A raw pointer, since the field is a tuple of 256 bytes that would be copied.
            let start = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: UInt8.self)
            let name = [UInt8](
                UnsafeBufferPointer(start: start, count: strlen(UnsafePointer<CChar>(OpaquePointer(start)))))
            if name == [UInt8(ascii: ".")] || name == [UInt8(ascii: "."), UInt8(ascii: ".")] { continue }
            guard body(name, Int(entry.pointee.d_type)) else { return nil }
        }
    }

    /// Whether a name, in upper or lower case, is that of a folder of an operating system, such as a recycle bin.
    static func isSystem(_ name: some Collection<UInt8>) -> Bool {
        systemNames.contains(String(decoding: name.map(lowercase), as: UTF8.self))
    }

    /// Names that Synology, QNAP, Windows, macOS, Linux and Python use.
    private static let systemNames: Set<String> = [
        "@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "$recycle.bin", "recycler",
        "system volume information", "found.000", "__macosx", "network trash folder", "temporary items", "lost+found",
        "__pycache__",
    ]
}

/// The entries of a folder that decide how it is read.
struct FolderGlance {
    /// Folders and links to folders, in the order of bytes, without hidden and system folders.
    private(set) var folders: [[UInt8]] = []
    /// The number of files with an image's extension.
    private(set) var images = 0
    /// Files with the extension .tar, in the order of bytes.
    private(set) var tars: [[UInt8]] = []

    /// Lists a folder. Everything is empty if it cannot be listed.
    init(_ path: [UInt8]) {
        var (folders, images, tars) = ([[UInt8]](), 0, [[UInt8]]())
        _ = FolderEntries.each(of: path) { name, type in
            guard name.first != UInt8(ascii: ".") else { return true }
            switch FolderGlance.kind(of: name, type: type, in: path) {
            case DT_DIR: if !FolderEntries.isSystem(name) { folders.append(name) }
            case DT_REG:
                if FileKind(name: name) == .image { images += 1 } else if isTar(name) { tars.append(name) }
            default: break
            }
            return true
        }
        self.folders = folders.sorted(by: precedes)
        self.images = images
        self.tars = tars.sorted(by: precedes)
    }

    /// Whether the folder holds folders but no images and no tar files.
    var isOfFolders: Bool { images == 0 && tars.isEmpty && !folders.isEmpty }

    private static func kind(of name: [UInt8], type: Int, in folder: [UInt8]) -> Int {
        guard type == DT_LNK || type == DT_UNKNOWN else { return type }
        var status = stat()
        let path = (join(folder, name) + [0]).map { CChar(bitPattern: $0) }
        guard stat(path, &status) == 0 else { return type }
        return status.st_mode & S_IFMT == S_IFDIR ? Int(DT_DIR) : Int(DT_REG)
    }
}

/// Whether a name ends in `.tar`, in upper or lower case.
func isTar(_ name: some BidirectionalCollection<UInt8>) -> Bool {
    name.count > 4 && name.suffix(4).map(lowercase).elementsEqual(".tar".utf8)
}
