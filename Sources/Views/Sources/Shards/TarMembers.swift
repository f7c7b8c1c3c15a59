import Files

/// Reads the headers of a tar archive in order and skips the contents.
///
/// Small members are read through a window of bytes, so that a shard of tiny images is read once from start to end;
/// large ones are skipped. Sizes in headers never determine how much memory is allocated: names and records have
/// limits.
struct TarMembers {
    /// A file in the archive.
    struct Member {
        /// The path in the bytes of the archive.
        var name: [UInt8]
        /// The offset of the contents.
        var offset: Int
        /// The size of the contents, which are within the archive.
        var size: Int
        /// Whether it is a usable file; links, folders, devices and sparse files are not.
        var isFile: Bool
    }

    /// The longest accepted name, and the longest accepted records.
    static let nameLimit = 1 << 16
    static let recordsLimit = 1 << 20

    private let window: PreadWindow
    private var offset = 0
    private let end: Int

    /// Starts at the first header of the archive of a descriptor, which has `size` bytes.
    init(file: Int32, size: Int) {
        window = PreadWindow(file: file)
        end = size
    }

    /// The next member; nil at the archive's end.
    /// - Throws: `TarHeader.Damage` if the rest of the archive cannot be read.
    mutating func next() throws(TarHeader.Damage) -> Member? {
        var longName: [UInt8]?
        var records: PaxRecords?
        // An archive ends with blocks of zeros; those of some writers end without.
        while offset < end {
            let place = offset
            guard end - offset >= TarHeader.block else { throw damage("ends within a header", at: place) }
            let header: TarHeader?
            do throws(TarHeader.Damage) {
                header = try TarHeader(bytes(at: offset, count: TarHeader.block))
            } catch {
                throw damage(error.reason, at: place)
            }
            guard let header else { return nil }
            offset += TarHeader.block
            var kind = header.kind
            if case .sparse(var continues) = kind {
                while continues {
                    guard end - offset >= TarHeader.block else { throw damage("ends within a header", at: place) }
                    continues = try bytes(at: offset, count: TarHeader.block)[504] != 0
                    offset += TarHeader.block
                }
                kind = .other
            }
            // Records about the next member do not apply to headers between.
            var size = header.size
            if kind == .file, let stated = records?.size { size = stated }
            guard size <= end - offset else {
                throw damage("ends within \(printable(longName ?? records?.path ?? header.name))", at: place)
            }
            let contents = offset
            offset = min(end, offset + (size + TarHeader.block - 1) / TarHeader.block * TarHeader.block)
            switch kind {
            case .longName:
                guard size <= TarMembers.nameLimit else { throw damage("has a name of \(size) bytes", at: place) }
                longName = Array(try bytes(at: contents, count: size).prefix { $0 != 0 })
            case .records:
                guard size <= TarMembers.recordsLimit, let read = PaxRecords(try bytes(at: contents, count: size))
                else { throw damage("has invalid records", at: place) }
                records = read
            case .longLink, .globalRecords: continue
            case .file, .other, .sparse:
                return Member(
                    name: records?.path ?? longName ?? header.name, offset: contents, size: size,
                    isFile: kind == .file && records?.isSparse != true)
            }
        }
        return nil
    }

    /// The first bytes of a member's contents, at most `limit`; valid until the next call.
    func contents(of member: Member, limit: Int) throws(TarHeader.Damage) -> UnsafeRawBufferPointer {
        try bytes(at: member.offset, count: min(member.size, limit))
    }

    private func bytes(at offset: Int, count: Int) throws(TarHeader.Damage) -> UnsafeRawBufferPointer {
        guard let bytes = window.bytes(at: offset, count: count) else {
            throw damage(errno == 0 ? "became shorter while it was read" : systemReason(), at: offset)
        }
        return bytes
    }

    private func damage(_ reason: String, at offset: Int) -> TarHeader.Damage {
        TarHeader.Damage(reason: "\(reason), at byte \(offset)", offset: offset)
    }
}

/// A window of a file that moves when bytes beyond it are requested.
private final class PreadWindow {
    private let file: Int32
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
    private var start = 0
    private var filled = 0
    /// The end of the previous request; after a far jump, little is read.
    private var last = 0

    init(file: Int32) { self.file = file }

    deinit { memory.deallocate() }

    /// `count` bytes at `offset`; nil if the file ends before, with `errno` 0, or cannot be read.
    func bytes(at offset: Int, count: Int) -> UnsafeRawBufferPointer? {
        if offset < start || offset + count > start + filled {
            let isNear = offset - last < memory.count / 2
            if count > memory.count {
                memory.deallocate()
                memory = .allocate(byteCount: count, alignment: 64)
            }
            start = offset
            filled = 0
            let wanted = isNear ? memory.count : max(count, 4096)
            while filled < count {
                errno = 0
                let read = pread(
                    file, memory.baseAddress.unsafelyUnwrapped + filled, wanted - filled, off_t(offset + filled))
                if read < 0, errno == EINTR { continue }
                guard read > 0 else { return nil }
                filled += read
            }
        }
        last = offset + count
        return UnsafeRawBufferPointer(rebasing: memory[(offset - start)..<(offset - start + count)])
    }
}
