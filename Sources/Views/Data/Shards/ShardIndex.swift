import Foundation

/// What one pass over a shard's headers found: its samples, by WebDataset's rules.
///
/// The key of a member is its path up to the first point of the base name; members of one key that follow one another are
/// one sample. Names that start with a point have no key, and `__NAME__/...` is not data; both are passed over, as
/// WebDataset does.
struct ShardIndex: Sendable {
    /// An image and what goes with it.
    struct Sample: Sendable {
        /// Where the image's bytes begin in the shard, and how many there are.
        var offset: Int
        var length: Int
        /// Where its path begins in `text`, and how many bytes it has.
        var name: Int
        var nameLength: Int32
        /// The label; negative where there is none.
        var label: Int32 = -1
        /// Where the caption's bytes begin in the shard; negative where there is none.
        var caption = -1
        var captionLength: Int32 = 0
    }

    var samples: [Sample] = []
    /// The images' paths, one after another.
    var text: [UInt8] = []
    /// Class names, where the shard has them.
    var classes: [String]?
    var listing = SourceListing()
    /// Where the archive cannot be followed any further.
    var damage: TarHeader.Damage?

    /// The longest texts that are read while indexing.
    static let labelLimit = 64
    static let jsonLimit = 1 << 20
    static let classesLimit = 1 << 24
    static let captionLimit = 1 << 20
    /// Labels from here on are not believed: the list of classes would not fit.
    static let maximumClasses = 1 << 20

    private var group = Group()
    /// Issues of one kind and reason are one, with the first member's name: a shard may have a million of them.
    private var findings: [Finding: (count: Int, example: String)] = [:]

    private struct Finding: Hashable {
        var kind: SourceIssue.Kind
        var reason: String
    }

    /// The members of one sample so far.
    private struct Group {
        var key: [UInt8] = []
        var images: [(member: TarMembers.Member, isPlain: Bool)] = []
        var caption: TarMembers.Member?
        var label: Int?
        var jsonLabel: Int?
        var wrongLabel: String?
    }

    /// Indexes an archive.
    init(file: Int32, size: Int) {
        var members = TarMembers(file: file, size: size)
        do throws(TarHeader.Damage) {
            while let member = try members.next() { try take(member, from: members) }
        } catch {
            damage = error
        }
        closeGroup()
        for (finding, found) in findings.sorted(by: { $0.key.reason < $1.key.reason }) {
            let others = found.count > 1 ? "; it is the first of \(found.count)" : ""
            listing.note(finding.kind, found.example, finding.reason + others)
        }
        findings = [:]
    }

    private mutating func take(_ member: TarMembers.Member, from members: TarMembers) throws(TarHeader.Damage) {
        let slash = member.name.lastIndex(of: UInt8(ascii: "/"))
        let base = member.name[(slash.map { $0 + 1 } ?? 0)...]
        if base.elementsEqual(Array("classes.txt".utf8)), member.isFile {
            let bytes = try members.contents(of: member, limit: ShardIndex.classesLimit)
            if classes == nil { classes = ShardIndex.lines(bytes) }
            return
        }
        if ShardIndex.isMeta(member.name.prefix { $0 != UInt8(ascii: "/") }) { return }
        guard let point = base.firstIndex(of: UInt8(ascii: ".")) else {
            if member.isFile { listing.ignoredFiles += 1 }
            return
        }
        guard point > base.startIndex else { listing.hiddenEntries += 1; return }
        guard member.isFile else {
            if FileKind(name: base) == .image { note(.skipped, "is a link or no plain file, passed over", member.name) }
            return
        }
        let key = member.name[..<point]
        if !key.elementsEqual(group.key) {
            closeGroup()
            group.key = Array(key)
        }
        try add(member, suffix: base[(point + 1)...].map(lowercase), from: members)
    }

    private mutating func add(
        _ member: TarMembers.Member, suffix: [UInt8], from members: TarMembers
    ) throws(TarHeader.Damage) {
        switch String(decoding: suffix, as: UTF8.self) {
        case "cls":
            let bytes = try members.contents(of: member, limit: ShardIndex.labelLimit)
            group.label = ShardIndex.label(String(decoding: bytes, as: UTF8.self))
            if group.label == nil {
                group.wrongLabel = "has a label that is no number from 0 to \(ShardIndex.maximumClasses - 1)"
            }
        case "json":
            let bytes = try members.contents(of: member, limit: ShardIndex.jsonLimit)
            group.jsonLabel = member.size <= ShardIndex.jsonLimit ? ShardIndex.label(json: bytes) : nil
        case "txt": if member.size <= ShardIndex.captionLimit { group.caption = member }
        default:
            switch FileKind(name: member.name) {
            case .image: group.images.append((member, !suffix.contains(UInt8(ascii: "."))))
            case .foreign(let ending):
                listing.ignoredFiles += 1
                listing.foreign[ending, default: .init()].add(printable(member.name))
            case .other: listing.ignoredFiles += 1
            }
        }
    }

    /// Makes samples of the group. The first image whose suffix is an ending alone is the sample's, others of it are left
    /// out; where none is, as in `IMG.2024.01.jpg`, the points belong to names that know nothing of keys, and every image
    /// is a sample.
    private mutating func closeGroup() {
        defer { group = Group() }
        guard !group.images.isEmpty else { return }
        var chosen = group.images.map(\.member)
        if let plain = group.images.first(where: \.isPlain)?.member {
            if let second = chosen.first(where: { $0.offset != plain.offset }) {
                note(.skipped, "is a further image of its sample, left out", second.name, count: chosen.count - 1)
            }
            chosen = [plain]
        }
        if let reason = group.wrongLabel { note(.badLabel, reason, chosen[0].name) }
        for image in chosen {
            var sample = Sample(
                offset: image.offset, length: image.size, name: text.count, nameLength: Int32(image.name.count))
            text += image.name
            if let label = group.label ?? group.jsonLabel { sample.label = Int32(label) }
            if let caption = group.caption {
                sample.caption = caption.offset
                sample.captionLength = Int32(caption.size)
            }
            samples.append(sample)
        }
    }

    private mutating func note(_ kind: SourceIssue.Kind, _ reason: String, _ name: [UInt8], count: Int = 1) {
        findings[Finding(kind: kind, reason: reason), default: (0, printable(name))].count += count
    }

    /// Whether a path that begins with this folder is not data: `__NAME__`.
    static func isMeta(_ folder: ArraySlice<UInt8>) -> Bool {
        folder.count >= 4 && folder.prefix(2).elementsEqual("__".utf8) && folder.suffix(2).elementsEqual("__".utf8)
    }

    /// The names in a text, one a line.
    static func lines(_ bytes: UnsafeRawBufferPointer) -> [String] {
        bytes.split(separator: 0x0A).map { printable($0.last == 0x0D ? $0.dropLast() : $0) }.filter { !$0.isEmpty }
    }

    private static func label(_ text: String) -> Int? {
        let digits = text.filter { !$0.isWhitespace && $0 != "\0" }
        guard let value = Int(digits), (0..<maximumClasses).contains(value) else { return nil }
        return value
    }

    /// The number under `cls` or `label` of a JSON object.
    private static func label(json bytes: UnsafeRawBufferPointer) -> Int? {
        struct Labels: Decodable {
            var cls: Int?
            var label: Int?

            enum Key: String, CodingKey { case cls, label }

            init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: Key.self)
                cls = try? values.decode(Int.self, forKey: .cls)
                label = try? values.decode(Int.self, forKey: .label)
            }
        }
        // Most of the objects in use hold captions and addresses; those are not worth parsing.
        let data = Data(bytes)
        guard [#""cls""#, #""label""#].contains(where: { data.range(of: Data($0.utf8)) != nil }) else { return nil }
        let labels = try? JSONDecoder().decode(Labels.self, from: data)
        guard let value = labels?.cls ?? labels?.label, (0..<maximumClasses).contains(value) else { return nil }
        return value
    }
}
