import Files
import Foundation
import Views

/// The names of a run's images, which `images.tsv` in its folder lists: side, label and name, separated by tabs; labels of
/// one image are separated by `|`.
///
/// Checkpoints hold only a digest. With this list a message can name what differs, and training images can be recognised.
struct ImageList {
    /// Labels by name, of training and of held-out images; two folders may have the same names.
    private(set) var sides: [[String: [Int]]] = [[:], [:]]

    /// The length above which a list is not written.
    static let longest = 5_000_000

    /// Lists a run's images.
    init(train: any Source, heldOut: (any Source)?) {
        for (side, source) in [train, heldOut].enumerated() {
            guard let source else { continue }
            for index in 0..<source.count { sides[side][source.name(index)] = source.labels(index) }
        }
    }

    /// Reads the list of a run; nil if there is none, or if it does not have a checkpoint's digest.
    init?(_ folder: RunFolder, of data: RunData? = nil) {
        guard let rows = ImageList.rows(folder) else { return nil }
        if let data {
            let train = RunData.Side(rows.lazy.filter { $0.side == 0 }.map { ($0.name, $0.labels) })
            guard train == data.train else { return nil }
        }
        for row in rows { sides[row.side][row.name] = row.labels }
    }

    /// Writes a run's list.
    /// - Throws: `FileError`.
    static func write(train: any Source, heldOut: (any Source)?, to folder: RunFolder) throws(FileError) {
        guard train.count + (heldOut?.count ?? 0) <= longest else { return }
        var text = Array("side\tlabel\tname\n".utf8)
        for (source, side) in [(train, "train")] + (heldOut.map { [($0, "test")] } ?? []) {
            for index in 0..<source.count {
                text += "\(side)\t\(ImageList.text(source.labels(index)))\t\(source.name(index))\n".utf8
            }
        }
        try AtomicFile.write(text, to: folder.imageList)
    }

    /// Labels with `|` between them.
    static func text(_ labels: [Int]) -> String { labels.map(String.init).joined(separator: "|") }

    private static func rows(_ folder: RunFolder) -> [(side: Int, name: String, labels: [Int])]? {
        guard let bytes = try? StoredFile.read(folder.imageList) else { return nil }
        return bytes.split(separator: 0x0A).dropFirst().compactMap { line in
            let parts = line.split(separator: 0x09, maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            let texts = parts.map { String(decoding: $0, as: UTF8.self) }
            return (texts[0] == "train" ? 0 : 1, texts[2], texts[1].split(separator: "|").compactMap { Int($0) })
        }
    }
}

/// The differences between two lists of images, each with a number and an example.
struct ImageDifference {
    private(set) var lines: [String] = []

    /// Compares two lists; labels are compared by the names of their classes.
    init(_ now: ImageList, _ classes: [String], from before: ImageList, _ old: [String]) {
        // If both sides have a name, there are two images with it.
        func moved(_ name: String, _ side: Int, _ list: ImageList, _ other: ImageList) -> Bool {
            other.sides[1 - side][name] != nil && list.sides[1 - side][name] == nil
        }
        func gone(_ list: ImageList, from other: ImageList) -> [String] {
            (0...1).flatMap { side in
                list.sides[side].keys.filter { other.sides[side][$0] == nil && !moved($0, side, list, other) }
            }
        }
        func names(_ labels: [Int], _ classes: [String]) -> Set<String> {
            Set(labels.filter(classes.indices.contains).map { classes[$0] })
        }
        note(gone(before, from: now), "is missing", "are missing")
        note(gone(now, from: before), "is new", "are new")
        note(
            (0...1).flatMap { side in before.sides[side].keys.filter { moved($0, side, before, now) } },
            "is on the other side of the split", "are on the other side of the split")
        note(
            now.sides[0].filter { key, labels in
                before.sides[0][key].map { names($0, old) != names(labels, classes) } ?? false
            }.map(\.key), "has another label", "have other labels")
    }

    private mutating func note(_ names: [String], _ one: String, _ many: String) {
        guard let first = names.min() else { return }
        lines.append("\(grouped(names.count)) \(names.count == 1 ? one : many), such as \(first)")
    }
}

extension RunFolder {
    /// How many of these images have the name of a training image of the run and not of a held-out one; nil if the run
    /// has no list of its images.
    ///
    /// In shards a name begins with that of its shard. If no whole name matches, names without that part are compared.
    public func trainingImages(in source: any Source) -> Int? {
        guard let list = ImageList(self) else { return nil }
        let trained = list.sides[0].keys.filter { list.sides[1][$0] == nil }
        func inner(_ name: String) -> String {
            name.firstIndex(of: "/").map { String(name[$0...].dropFirst()) } ?? name
        }
        func count(_ names: Set<String>, _ key: (String) -> String) -> Int {
            (0..<source.count).count { names.contains(key(source.name($0))) }
        }
        let found = count(Set(trained)) { $0 }
        return found > 0 ? found : max(count(Set(trained), inner), count(Set(trained.map(inner))) { $0 })
    }
}
