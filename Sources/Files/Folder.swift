/// Folders that results go to.
package enum Folder {
    /// Creates the folder and missing folders above it.
    /// - Throws: `FileError`.
    package static func create(at path: String) throws(FileError) { _ = try make(path) }

    /// Whether there is a folder at `path`, or a link to one.
    package static func exists(_ path: String) -> Bool {
        StoredFile.status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    /// The names of the entries of a folder, in no order; empty if it cannot be listed.
    package static func names(in path: String) -> [String] {
        guard let stream = SystemPath.with(path, { opendir($0) }) else { return [] }
        defer { closedir(stream) }
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        var names: [String] = []
        while let entry = readdir(stream) {
            // A raw pointer, since the field is a tuple of 256 bytes that would be copied.
            let name = String.bytes((UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(SystemPath.text(name)) }
        }
        return names
    }

    /// Checks, before any work, that files can be written into a folder, by writing one. It changes nothing.
    /// - Throws: `FileError`.
    package static func check(_ path: String) throws(FileError) {
        let made = try make(path)
        defer { for folder in made.reversed() { _ = SystemPath.with(folder) { rmdir($0) } } }
        let trial = join(path.isEmpty ? "." : path, "trial.\(getpid()).tmp")
        let file = SystemPath.with(trial) { open($0, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        guard file >= 0 else { throw FileError(path: path, failed: "cannot be written to") }
        close(file)
        StoredFile.remove(trial)
    }

    /// The path of a name in a folder.
    package static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty || folder.utf8.last == UInt8(ascii: "/") ? folder + name : "\(folder)/\(name)"
    }

    /// Creates a folder and missing folders above it; returns those that were missing, from the top.
    private static func make(_ path: String) throws(FileError) -> [String] {
        if path.isEmpty || exists(path) { return [] }
        var trimmed = path.utf8[...]
        while trimmed.count > 1, trimmed.last == UInt8(ascii: "/") { trimmed.removeLast() }
        var made = try make(SystemPath.folder(of: String(decoding: trimmed, as: UTF8.self)))
        if SystemPath.with(path, { mkdir($0, 0o755) }) == 0 {
            made.append(path)
        } else if errno != EEXIST || !exists(path) {
            let isInTheWay = errno == EEXIST
            let error = FileError(path: path, failed: "the folder cannot be made")
            for folder in made.reversed() { _ = SystemPath.with(folder) { rmdir($0) } }
            throw isInTheWay
                ? FileError(path: path, reason: "is there already, and is no folder; choose another path") : error
        }
        return made
    }
}
