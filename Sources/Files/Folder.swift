import Foundation

/// Folders that results go to.
public enum Folder {
    /// Makes the folder and those above it where they are missing.
    /// - Throws: `FileError`.
    public static func create(at path: String) throws(FileError) {
        if path.isEmpty || path == "/" || exists(path) { return }
        // Not by NSString, which traps on a name of one character.
        let trimmed = path.hasSuffix("/") ? path.dropLast() : path[...]
        if let slash = trimmed.lastIndex(of: "/") { try create(at: String(trimmed[..<slash])) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw FileError(path: path, failed: "the folder cannot be made")
        }
    }

    /// Whether there is a folder at `path`.
    public static func exists(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
