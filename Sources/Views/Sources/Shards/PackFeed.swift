import Files
import Synchronization

/// A source's usable images in the order of packing. Several threads read and check a few images at a time.
final class PackFeed {
    /// An image ready to be written.
    struct Sample: Sendable {
        var key: [UInt8] = []
        var ending: String
        var label: Int?
        var caption: String?
        /// The other fields of the image, as JSON.
        var facts: [UInt8]?
        var bytes: [UInt8]

        /// The bytes that it takes in an archive.
        var size: Int { members.reduce(0) { $0 + TarWriter.size(ofMember: name($1.ending), contents: $1.count) } }

        private var members: [(ending: String, count: Int)] {
            var members = [(ending: ending, count: bytes.count)]
            if let label { members.append(("cls", String(label).utf8.count)) }
            if let caption { members.append(("txt", caption.utf8.count)) }
            if let facts { members.append(("json", facts.count)) }
            return members
        }

        private func name(_ ending: String) -> [UInt8] { key + [UInt8(ascii: ".")] + Array(ending.utf8) }

        func write(to tar: TarWriter) throws(FileError) {
            try bytes.withUnsafeBytesTyped { bytes throws(FileError) in try tar.add(name(ending), bytes) }
            if let label { try tar.add(name("cls"), String(label)) }
            if let caption { try tar.add(name("txt"), caption) }
            try facts?.withUnsafeBytesTyped { bytes throws(FileError) in try tar.add(name("json"), bytes) }
        }
    }

    /// Images skipped so far.
    private(set) var skipped: [ScanReport.Unreadable] = []

    private let source: any Source
    private let options: ShardWriter.Options
    private let order: [Int]
    private var next = 0
    private var ready: [Sample] = []
    private var keys = Set<UInt64>()
    private var repeats: [UInt64: Int] = [:]

    init(_ source: any Source, options: ShardWriter.Options) {
        self.source = source
        self.options = options
        if let seed = options.seed {
            var stream = RandomStream(RandomKey(seed: seed, purpose: .pack))
            order = stream.permutation(source.count)
        } else {
            order = Array(0..<source.count)
        }
    }

    /// The next image; nil after the last.
    func peek() -> Sample? {
        while ready.isEmpty, next < order.count { refill() }
        return ready.last
    }

    /// Removes the next image.
    func drop() { ready.removeLast() }

    /// Reads only as many images as keep the threads busy, because they may be large.
    private func refill() {
        let chunk = order[next..<min(order.count, next + max(1, options.threads) * 16)]
        next = chunk.endIndex
        let (source, options) = (source, options)
        let place = Atomic<Int>(chunk.startIndex)
        let results = Locked<[Int: Result<Sample, DecodeError>]>([:])
        Workers.run(min(options.threads, chunk.count)) {
            let packer = Packer(options)
            while true {
                let index = place.add(1, ordering: .relaxed).oldValue
                guard index < chunk.endIndex else { return }
                let result = packer.look(at: chunk[index], of: source)
                results.withLock { $0[index] = result }
            }
        }
        let found = results.withLock { $0 }
        for index in chunk.indices {
            switch found[index] {
            case .success(var sample):
                sample.key = key(for: source.name(chunk[index]))
                ready.append(sample)
            case .failure(let error):
                skipped.append(
                    ScanReport.Unreadable(path: source.name(chunk[index]), kind: error.kind, reason: error.reason))
            case nil: break
            }
        }
        // Images are taken from the end.
        ready.reverse()
        options.progress(next)
    }

    /// A unique key for an image. It contains no path that leads out of the folder in which a shard is unpacked.
    private func key(for name: String) -> [UInt8] {
        var parts = name.utf8.split(separator: UInt8(ascii: "/")).map { part in
            part.elementsEqual("..".utf8) || part.elementsEqual(".".utf8) ? Array("_".utf8) : Array(part)
        }
        var base = parts.popLast() ?? []
        if FileKind(name: base) == .image, let point = base.lastIndex(of: UInt8(ascii: ".")) {
            base = Array(base[..<point])
        }
        base = base.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "_") : $0 }
        if base.isEmpty { base = Array("_".utf8) }
        // WebDataset skips folders with names of this form.
        if let first = parts.first, ShardIndex.isMeta(first[...]) {
            parts[0] = first.drop { $0 == UInt8(ascii: "_") } + [0x5F]
        }
        let plain = Array((parts + [base]).joined(separator: [UInt8(ascii: "/")]))
        var key = plain
        while !keys.insert(PackFeed.hash(key)).inserted {
            let number = repeats[PackFeed.hash(plain), default: 1] + 1
            repeats[PackFeed.hash(plain)] = number
            key = plain + Array("~\(number)".utf8)
        }
        return key
    }

    /// FNV-1a: 8 bytes are kept of each key. After a collision one of the keys gets a `~2`.
    private static func hash(_ key: [UInt8]) -> UInt64 {
        key.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}

/// One thread's memory for reading and checking images.
private final class Packer {
    private let decodes: Bool
    private let decoder: ImageDecoder
    private let buffer = FileBuffer()
    private let image = Image()

    init(_ options: ShardWriter.Options) {
        decodes = options.decodes
        decoder = ImageDecoder(options: options.decoding)
    }

    func look(at index: Int, of source: any Source) -> Result<PackFeed.Sample, DecodeError> {
        Result { () throws(DecodeError) in
            try source.read(index, into: buffer)
            let header = try decoder.header(of: buffer.bytes, path: "")
            if decodes { try decoder.decode(buffer.bytes, path: "", into: image) }
            return PackFeed.Sample(
                ending: header.format.extensions[0], label: source.label(index), caption: try source.caption(index),
                facts: SampleFacts(source, index)?.json, bytes: Array(buffer.bytes))
        }
    }
}
