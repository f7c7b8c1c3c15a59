import Foundation

extension AtomicFile {
    /// Why a file cannot be written at `path`, as far as that can be told without writing: nil where nothing speaks against it.
    public static func obstacle(at path: String) -> FileError? {
        guard !Folder.exists(path) else { return FileError(path: path, reason: "cannot be written: it is a folder") }
        var folder = (path as NSString).deletingLastPathComponent
        // Folders on the way are made, so the nearest that is there decides.
        while !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) {
            folder = (folder as NSString).deletingLastPathComponent
        }
        let place = folder.isEmpty ? "." : folder
        guard Folder.exists(place) else {
            return FileError(path: path, failed: "cannot be written", code: ENOTDIR)
        }
        return access(place, W_OK | X_OK) == 0 ? nil : FileError(path: path, failed: "cannot be written")
    }
}
