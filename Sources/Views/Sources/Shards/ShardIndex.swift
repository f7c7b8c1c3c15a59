import Files

/// The samples of a shard by WebDataset's rules, found by reading its headers once.
///
/// The key of a member is its path up to the first full stop of the base name. Successive members of one key are one
/// sample. In addition, a label or caption belongs to the image of the same name up to the last full stop, as
/// `img_v1.0.cls` to `img_v1.0.png`, elsewhere in the shard if it is not nearby. Names that start with a full stop have
/// no key, and `__NAME__/...` is not data; both are skipped, as in WebDataset.
struct ShardIndex: Sendable {
    /// An image with its label and caption.
    struct Sample: Sendable {
        /// Where the image's bytes begin in the shard, and how many there are.
        var offset: Int
        var length: Int
        /// Where its path begins in `text`, and how many bytes it has.
        var name: Int
        var nameLength: Int32
        /// The label, an index into the shard's `labels`, later a class; negative without a label.
        var label: Int32 = -1
        /// Where the caption's bytes begin in the shard; negative without a caption.
        var caption = -1
        var captionLength: Int32 = 0
    }

    var samples: [Sample] = []
    /// The images' paths, one after another.
    var text: [UInt8] = []
    /// The labels that samples have, as texts.
    var labels = ClassTable()
    /// The fields of the samples' .json members besides labels.
    var columns = ImageColumns()
    /// Class names, if the shard has them.
    var classes: [String]?
    var listing = SourceListing()
    /// Where reading the archive had to stop.
    var damage: TarHeader.Damage?

    /// The longest texts that are read during indexing, in bytes.
    static let jsonLimit = 1 << 20
    static let classesLimit = 1 << 24
    static let captionLimit = 1 << 20

    private var group = Group()
    /// Labels and captions without an image nearby, by the path up to the last full stop.
    private var orphans: [[UInt8]: Texts] = [:]
    /// The folder of the last member, and whether it is a system folder.
    private var folder: (path: ArraySlice<UInt8>, isSystem: Bool) = ([], false)
    /// Issues of one kind and reason are counted together, with the first member's name, since a shard may have a
    /// million of them.
    private var findings: [Finding: (count: Int, example: String)] = [:]

    private struct Finding: Hashable {
        var kind: SourceIssue.Kind
        var reason: String
    }

    /// The label and caption of an image.
    private struct Texts {
        var caption: TarMembers.Member?
        var label: String?
        var object: TableObject?
        var isWrong = false

        /// The label that the object has.
        var jsonLabel: String? { (object?.texts[.label]).flatMap { ClassTable.label($0.utf8) } }

        /// These texts, completed from others.
        func filled(from other: Texts?) -> Texts {
            guard let other else { return self }
            var texts = self
            texts.caption = caption ?? other.caption
            if label == nil, jsonLabel == nil, !isWrong { (texts.label, texts.isWrong) = (other.label, other.isWrong) }
            texts.object = object ?? other.object
            return texts
        }
    }

    /// The members of one sample so far.
    private struct Group {
        var key: [UInt8] = []
        var images: [TarMembers.Member] = []
        /// The texts by the path up to the last full stop.
        var texts: [[UInt8]: Texts] = [:]
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
        adopt()
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
        let path = member.name[..<(slash ?? 0)]
        if path != folder.path {
            folder = (path, path.split(separator: UInt8(ascii: "/")).contains { FolderEntries.isSystem($0) })
        }
        guard !folder.isSystem else { listing.systemEntries += 1; return }
        guard let point = base.firstIndex(of: UInt8(ascii: ".")), let last = base.lastIndex(of: UInt8(ascii: "."))
        else {
            if member.isFile { listing.ignoredFiles += 1 }
            return
        }
        guard point > base.startIndex else { listing.hiddenEntries += 1; return }
        guard member.isFile else {
            if FileKind(name: base) == .image { note(.skipped, "is a link or not a plain file, skipped", member.name) }
            return
        }
        let key = member.name[..<point]
        if !key.elementsEqual(group.key) {
            closeGroup()
            group.key = Array(key)
        }
        try add(member, stem: Array(member.name[..<last]), ending: base[(last + 1)...].map(lowercase), from: members)
    }

    private mutating func add(
        _ member: TarMembers.Member, stem: [UInt8], ending: [UInt8], from members: TarMembers
    ) throws(TarHeader.Damage) {
        switch String(decoding: ending, as: UTF8.self) {
        case "cls":
            let bytes = try members.contents(of: member, limit: ClassTable.limit + 1)
            let label = ClassTable.label(bytes)
            group.texts[stem, default: Texts()].label = label
            group.texts[stem, default: Texts()].isWrong = label == nil
        case "json":
            let bytes = try members.contents(of: member, limit: ShardIndex.jsonLimit)
            guard member.size <= ShardIndex.jsonLimit, let object = ShardIndex.object(bytes) else { return }
            group.texts[stem, default: Texts()].object = object
        case "txt":
            if member.size <= ShardIndex.captionLimit { group.texts[stem, default: Texts()].caption = member }
        default:
            switch FileKind(name: member.name) {
            case .image: group.images.append(member)
            case .foreign(let ending):
                listing.ignoredFiles += 1
                listing.foreign[ending, default: .init()].add(printable(member.name))
            case .other, .unnamed: listing.ignoredFiles += 1
            }
        }
    }

    /// Makes samples of the group. The first image whose suffix is only an extension is the sample; the others are
    /// skipped unless they have their own label or caption. Without such an image, as in `IMG.2024.01.jpg`, the full
    /// stops are part of the names and every image is a sample.
    private mutating func closeGroup() {
        defer { group = Group() }
        var texts = group.texts
        var chosen: [(image: TarMembers.Member, stem: [UInt8])] = []
        let stems = group.images.map { ShardIndex.stem(of: $0.name) }
        let plain = stems.firstIndex(of: group.key)
        var further: Int?
        for (place, stem) in stems.enumerated() {
            if plain == nil || place == plain || (stem != group.key && texts[stem] != nil) {
                chosen.append((group.images[place], stem))
            } else {
                further = further ?? place
            }
        }
        if let further {
            note(
                .skipped, "is a further image of its sample, skipped", group.images[further].name,
                count: group.images.count - chosen.count)
        }
        for (image, stem) in chosen {
            var own = texts[stem] ?? Texts()
            if stem != group.key { own = own.filled(from: texts[group.key]) }
            samples.append(sample(image, own))
            note(own.object, of: samples.count - 1)
        }
        for (_, stem) in chosen { texts[stem] = nil }
        if !chosen.isEmpty { texts[group.key] = nil }
        orphans.merge(texts) { first, _ in first }
    }

    private mutating func sample(_ image: TarMembers.Member, _ texts: Texts) -> Sample {
        var sample = Sample(
            offset: image.offset, length: image.size, name: text.count, nameLength: Int32(image.name.count))
        text += image.name
        fill(&sample, from: texts)
        return sample
    }

    private mutating func fill(_ sample: inout Sample, from texts: Texts) {
        if sample.label < 0, let label = texts.label ?? texts.jsonLabel {
            sample.label = Int32(labels.place(of: label))
        } else if texts.isWrong {
            note(.badLabel, "has a label that is neither a word nor a number from 0", Array(name(of: sample)))
        }
        if sample.caption < 0, let caption = texts.caption {
            sample.caption = caption.offset
            sample.captionLength = Int32(caption.size)
        }
    }

    /// Gives samples the texts found elsewhere in the shard, for instance if all images come first.
    private mutating func adopt() {
        guard !orphans.isEmpty else { return }
        for place in samples.indices where samples[place].label < 0 || samples[place].caption < 0 {
            let stem = ShardIndex.stem(of: Array(name(of: samples[place])))
            guard let texts = orphans[stem] ?? orphans[ShardIndex.key(of: stem)] else { continue }
            var sample = samples[place]
            fill(&sample, from: texts)
            samples[place] = sample
            note(texts.object, of: place)
        }
        orphans = [:]
    }

    private func name(of sample: Sample) -> ArraySlice<UInt8> {
        text[sample.name..<sample.name + Int(sample.nameLength)]
    }

    /// A path up to the last full stop of its base name, which must have one.
    private static func stem(of path: [UInt8]) -> [UInt8] {
        path.lastIndex(of: UInt8(ascii: ".")).map { Array(path[..<$0]) } ?? path
    }

    /// A path up to the first full stop of its base name.
    private static func key(of path: [UInt8]) -> [UInt8] {
        let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        return path[start...].firstIndex(of: UInt8(ascii: ".")).map { Array(path[..<$0]) } ?? path
    }

    private mutating func note(_ kind: SourceIssue.Kind, _ reason: String, _ name: [UInt8], count: Int = 1) {
        findings[Finding(kind: kind, reason: reason), default: (0, printable(name))].count += count
    }

    /// Whether a folder has the form `__NAME__`, which does not hold data.
    static func isMeta(_ folder: ArraySlice<UInt8>) -> Bool {
        folder.count >= 4 && folder.prefix(2).elementsEqual("__".utf8) && folder.suffix(2).elementsEqual("__".utf8)
    }

    /// The names in a text, one per line.
    static func lines(_ bytes: UnsafeRawBufferPointer) -> [String] {
        bytes.split(separator: 0x0A).map { printable($0.last == 0x0D ? $0.dropLast() : $0) }.filter { !$0.isEmpty }
    }

    /// The fields of a JSON object that are read.
    private static func object(_ bytes: UnsafeRawBufferPointer) -> TableObject? {
        let data = Data(bytes)
        guard TableObject.Keys.sample.mayOccur(in: data) else { return nil }
        return try? JSONDecoder().decode(TableObject.self, from: data, configuration: .sample)
    }

    /// Keeps the fields of a sample's object besides its label. Invalid fields are ignored, because other programs may
    /// have written them.
    private mutating func note(_ object: TableObject?, of sample: Int) {
        guard var object else { return }
        object.removeLabel()
        for column in object.keys.keys {
            do throws(ImageColumns.Nonsense) {
                try columns.set(object.only(column), at: sample)
            } catch  where column == .labels {
                note(.badLabel, "has no labels: \(error.reason)", Array(name(of: samples[sample])))
            } catch {}
        }
    }
}
