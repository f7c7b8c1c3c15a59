import CCodecs
import Files

/// The binary version of CIFAR-10 and CIFAR-100 (Krizhevsky 2009), as in its archive: records of one or two label bytes
/// and 3,072 bytes of pixels, red plane first, 32 rows by 32 columns.
///
/// CIFAR-10 consists of `data_batch_1.bin` and so on, and `test_batch.bin`; CIFAR-100 of `train.bin` and `test.bin`, of
/// which the second, fine label is used. Class names come from `batches.meta.txt` or `fine_label_names.txt`. Each image
/// is read as a PPM file with the same pixels.
public struct CIFARBinary: Source {
    /// The part of the data.
    public enum Part: Sendable {
        /// 50,000 images.
        case train
        /// 10,000 images.
        case test
    }

    /// Class names, whose indices are the labels.
    public let classes: [String]
    /// What was skipped, and other notes.
    public let listing: SourceListing
    /// The images of each file.
    public let runs: [Range<Int>]

    private let names: [String]
    private let files: ShardFiles
    private let labels: [UInt8]
    private let labelBytes: Int

    private static let size = Size(width: 32, height: 32)
    private static let opening = PPM.opening(size)
    private static var pixelBytes: Int { size.area * Image.channels }

    /// The files of a part in a folder, and the label bytes of a record; nil without such files.
    private static func layout(of folder: String, _ part: Part) -> (files: [String], labelBytes: Int)? {
        func exists(_ name: String) -> Bool { StoredFile.exists("\(folder)/\(name)") }
        let ten = part == .test ? ["test_batch.bin"] : (1...99).map { "data_batch_\($0).bin" }.filter(exists)
        if let first = ten.first, exists(first) { return (ten, 1) }
        let hundred = part == .test ? "test.bin" : "train.bin"
        // These names alone do not identify CIFAR-100.
        return exists(hundred) && exists("fine_label_names.txt") ? ([hundred], 2) : nil
    }

    /// Whether a folder holds binary CIFAR files.
    public static func isPresent(in folder: String, _ part: Part = .train) -> Bool { layout(of: folder, part) != nil }

    /// Reads the labels of a part; the pixels stay on disk.
    /// - Throws: `DataError` if the files are missing, cannot be read or hold no complete record.
    public init(_ folder: String, part: Part = .train) throws(DataError) {
        guard let (names, labelBytes) = CIFARBinary.layout(of: folder, part) else {
            throw DataError(path: folder, reason: "holds no binary CIFAR files")
        }
        var listing = SourceListing()
        var shards: [ShardFiles.Shard] = []
        var labels: [UInt8] = []
        var runs: [Range<Int>] = []
        let record = labelBytes + CIFARBinary.pixelBytes
        let buffer = FileBuffer()
        for name in names {
            let path = "\(folder)/\(name)"
            do throws(ShardFiles.Failure) {
                let (handle, shard) = try ShardFiles.open(SystemPath.bytes(path))
                shards.append(shard)
                let start = labels.count
                if shard.size % record != 0 {
                    listing.note(
                        .damaged, name, "ends within a record; the \(shard.size / record) images before it are used")
                }
                // About one megabyte at a time.
                for first in stride(from: 0, to: shard.size / record, by: 340) {
                    let count = min(340, shard.size / record - first)
                    try buffer.readPart(of: handle, offset: first * record, count: count * record, name: name)
                    for index in 0..<count { labels.append(buffer.bytes[index * record + labelBytes - 1]) }
                }
                if labels.count > start { runs.append(start..<labels.count) }
            } catch {
                throw DataError(path: path, reason: error.reason)
            }
        }
        guard !labels.isEmpty else { throw DataError(path: folder, reason: "holds no whole CIFAR record") }
        classes = CIFARBinary.classes(in: folder, count: labelBytes == 1 ? 10 : 100)
        if let wrong = labels.first(where: { $0 >= (labelBytes == 1 ? 10 : 100) }) {
            listing.note(
                .badLabel, names[0], "has images with the label \(wrong), which no class has; they are unlabelled")
        }
        self.names = names
        self.labels = labels
        self.labelBytes = labelBytes
        self.runs = runs
        self.listing = listing
        files = ShardFiles(shards)
    }

    /// Number of images.
    public var count: Int { labels.count }

    /// The class of an image; nil if its label has no class name.
    public func label(_ index: Int) -> Int? { Int(labels[index]) < classes.count ? Int(labels[index]) : nil }

    /// The files of a part, as in `data_batch_1.bin...data_batch_5.bin`.
    static func fileNames(of folder: String, _ part: Part) -> String {
        let names = layout(of: folder, part)?.files ?? []
        return names.count > 1 ? "\(names[0])...\(names[names.count - 1])" : names.first ?? ""
    }

    /// `FILE:RECORD`, records counted from 0.
    public func name(_ index: Int) -> String {
        let (file, place) = place(of: index)
        return "\(names[file]):\(place)"
    }

    /// Reads an image's pixels as a PPM file.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        let (file, place) = place(of: index)
        do throws(ShardFiles.Failure) {
            let offset = place * (labelBytes + CIFARBinary.pixelBytes) + labelBytes
            try buffer.readPart(
                of: try files.handle(file), offset: offset, count: CIFARBinary.pixelBytes, name: names[file])
        } catch {
            throw DecodeError(.unreadable, path: name(index), reason: error.reason)
        }
        let opening = CIFARBinary.opening
        buffer.transform(to: opening.count + CIFARBinary.pixelBytes) { planes, ppm in
            ppm.copyBytes(from: opening)
            guard let from = planes.bindMemory(to: UInt8.self).baseAddress,
                let to = ppm.bindMemory(to: UInt8.self).baseAddress
            else { return }
            ccodecs_interleave(from, CIFARBinary.size.area, to + opening.count)
        }
    }

    /// The file and the record of an image. A file without records has no run.
    private func place(of index: Int) -> (file: Int, record: Int) {
        var file = 0
        var start = 0
        for (place, shard) in files.shards.enumerated() {
            let count = shard.size / (labelBytes + CIFARBinary.pixelBytes)
            if index < start + count { return (place, index - start) }
            start += count
            file = place
        }
        return (file, index - start)
    }

    private static func classes(in folder: String, count: Int) -> [String] {
        let buffer = FileBuffer(limit: 1 << 16)
        for name in ["batches.meta.txt", "fine_label_names.txt"] {
            guard (try? buffer.read(path: "\(folder)/\(name)", name: name)) != nil else { continue }
            let names = ShardIndex.lines(buffer.bytes)
            if names.count == count { return names }
        }
        return (0..<count).map(String.init)
    }
}

extension FileBuffer {
    /// Reads a part of an open file; an error carries only the reason.
    fileprivate func readPart(
        of handle: ShardFiles.Handle, offset: Int, count: Int, name: String
    ) throws(ShardFiles.Failure) {
        do throws(DecodeError) {
            try read(file: handle.file, offset: offset, count: count, name: name)
        } catch {
            throw ShardFiles.Failure(reason: error.reason)
        }
    }
}
