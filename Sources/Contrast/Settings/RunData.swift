import Views

/// The images of a run as a checkpoint records them, to detect whether a resumed run has the same ones.
struct RunData: Codable, Equatable, Sendable {
    /// A list of images.
    struct Side: Codable, Equatable, Sendable {
        var count: Int
        /// A digest of the names and labels in order.
        var digest: String

        /// Hashes a list in blocks, as there may be millions of images.
        init(_ entries: some Sequence<(name: String, labels: [Int])>) {
            var hash = SHA256()
            var text: [UInt8] = []
            count = 0
            for (name, labels) in entries {
                count += 1
                text += name.utf8
                text += "\n\(labels.isEmpty ? "-1" : ImageList.text(labels))\n".utf8
                if text.count >= 1 << 16 {
                    hash.update(text)
                    text.removeAll(keepingCapacity: true)
                }
            }
            hash.update(text)
            digest = String(hash.hexadecimal().prefix(16))
        }

        /// The list of a source.
        init(_ source: any Source) {
            self.init((0..<source.count).lazy.map { (name: source.name($0), labels: source.labels($0)) })
        }
    }

    /// The training images.
    var train: Side
    /// The held-out images; nil if there are none.
    var heldOut: Side?
    /// The names of the classes in the order of their labels.
    var classes: [String]

    init(train: any Source, heldOut: (any Source)?) {
        self.train = Side(train)
        self.heldOut = heldOut.map { Side($0) }
        classes = train.classes
    }

    /// `3,068 images of 10 classes, 767 held out`.
    var description: String {
        let classes = classes.isEmpty ? "" : " of \(counted(classes.count, "class", "classes"))"
        let held = heldOut.map { ", \(grouped($0.count)) held out" } ?? ""
        return counted(train.count, "image") + classes + held
    }

    /// A description of the difference from earlier images; nil if training images and labels are the same.
    /// - Parameter list: the difference by names, if they are known.
    func difference(from before: RunData, list: ImageDifference?) -> String? {
        guard train != before.train || classes != before.classes else { return nil }
        var parts = list?.lines ?? []
        if classes != before.classes {
            let lost = before.classes.filter { !classes.contains($0) }
            let new = classes.filter { !before.classes.contains($0) }
            if !lost.isEmpty { parts.append("without class \(lost.some)") }
            if !new.isEmpty { parts.append("with class \(new.some)") }
            if lost.isEmpty && new.isEmpty { parts.append("the classes are in another order: \(classes.some)") }
        }
        if parts.isEmpty { parts.append("other images, other labels or another order") }
        return "the run was trained on \(before.description), and there are \(description) now: "
            + parts.joined(separator: ", ")
    }
}

extension [String] {
    /// At most three of them.
    fileprivate var some: String {
        prefix(3).joined(separator: ", ") + (count > 3 ? " and \(grouped(count - 3)) more" : "")
    }
}
