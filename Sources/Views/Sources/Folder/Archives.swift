import Files

/// Files that hold pictures but cannot be read directly.
enum Archives {
    /// Throws an error that names the kind of an unsupported file and what to do with it. Returns for folders, patterns
    /// and files that a source can read.
    /// - Throws: `DataError`.
    static func explain(_ path: String) throws(DataError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        let buffer = FileBuffer(limit: 1 << 16)
        guard let handle = try? ShardFiles.open(Array(path.utf8)).handle,
            (try? buffer.read(
                file: handle.file, offset: 0, count: min(Int(status.st_size), buffer.limit), name: path)) != nil
        else { return }
        let data = buffer.bytes
        if let what = ForeignFormat.archive(data) {
            guard what != "a tar archive" || !isTar(Array(path.utf8)) else { return }
            throw DataError(path: path, reason: "is \(what); \(remedy(for: what, path))")
        }
        if TableFormat(opening: data, name: path) != nil || isTar(Array(path.utf8)) { return }
        if ImageFormat.recognizes(data) {
            throw DataError(path: path, reason: "is one picture; give the folder that holds it")
        }
        if let foreign = ForeignFormat(data), foreign.name != "JSON" {
            throw DataError(path: path, reason: foreign.sentence)
        }
        throw DataError(path: path, reason: table(data))
    }

    private static func remedy(for what: String, _ path: String) -> String {
        switch what {
        case "a ZIP archive": "unpack it (unzip \(path) -d FOLDER) and give the folder"
        case "a tar archive": "shards are named .tar: rename it, or unpack it (tar xf \(path)) and give the folder"
        case "a gzip file", "an xz file", "a bzip2 file", "a Zstandard file":
            "unpack it (tar xf \(path)) and give the folder; shards are plain .tar files"
        case "a 7z archive", "a RAR archive": "unpack it and give the folder"
        default: "write its pictures to a folder, as CLASS/NAME.png, and give that"
        }
    }

    /// Describes a text file that is not a table.
    private static func table(_ data: UnsafeRawBufferPointer) -> String {
        let head = String(decoding: data.prefix(4096), as: UTF8.self)
        let start = head.first { !$0.isWhitespace }
        if start == "{" || start == "[" {
            let coco = ["\"annotations\"", "\"images\"", "\"file_name\""].contains { head.contains($0) }
            let what = coco ? "a JSON file of annotations, as COCO's" : "one JSON value"
            return "is \(what), which is not read; write a table of image,caption or image,label rows (.csv), "
                + "or one object a line (.jsonl)"
        }
        if head.contains(".jpg#") || head.contains(".png#") {
            return "is a table of NAME#NUMBER and caption, as Flickr8k's, which is not read; "
                + "write image,caption rows (.csv)"
        }
        return "is neither a folder nor tar shards nor a table (.csv, .tsv, .jsonl)"
    }
}
