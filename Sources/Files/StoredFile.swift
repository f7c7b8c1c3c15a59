/// Existing files, by the text of their path; see `SystemPath`.
package enum StoredFile {
    /// Whether there is a file or folder at a path, or a link to one.
    package static func exists(_ path: String) -> Bool { status(path) != nil }

    /// Removes a file; does nothing if there is none.
    package static func remove(_ path: String) { _ = SystemPath.with(path) { unlink($0) } }

    /// The bytes of a file, mapped into memory if the system can.
    /// - Throws: `FileError`.
    package static func read(_ path: String) throws(FileError) -> Data {
        let file = SystemPath.with(path) { open($0, O_RDONLY | O_CLOEXEC) }
        guard file >= 0 else { throw FileError(path: path, failed: "cannot be read") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw FileError(path: path, failed: "cannot be read") }
        let size = Int(status.st_size)
        if status.st_mode & S_IFMT == S_IFREG, size > 0,
            let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED
        {
            return Data(bytesNoCopy: start, count: size, deallocator: .custom { munmap($0, $1) })
        }
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = systemRead(file, &buffer, buffer.count)
            if count == 0 { return data }
            if count > 0 {
                data.append(contentsOf: buffer[..<count])
            } else if errno != EINTR {
                throw FileError(path: path, failed: "cannot be read")
            }
        }
    }

    /// The bytes of a regular file of at most `limit` bytes.
    /// - Throws: `FileError`, also for a pipe, a device or a folder.
    package static func read(_ path: String, limit: Int) throws(FileError) -> Data {
        guard let status = status(path) else { throw FileError(path: path, failed: "cannot be read") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path: path, reason: "is not a file") }
        guard status.st_size > 0 else { throw FileError(path: path, reason: "is empty") }
        guard status.st_size <= limit else {
            throw FileError(path: path, reason: "has \(status.st_size) bytes, the limit is \(limit)")
        }
        return try read(path)
    }

    /// The status of a file or folder, with links followed; nil if there is none.
    static func status(_ path: String) -> stat? {
        var status = stat()
        return SystemPath.with(path) { stat($0, &status) } == 0 ? status : nil
    }
}
