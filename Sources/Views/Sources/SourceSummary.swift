import Files

/// A summary of a command's images and of what it skips. Every command prints it first.
public struct SourceSummary: Sendable {
    /// One side, or all images.
    struct Part: Sendable {
        var name: String
        /// The images; nil if they are not used.
        var images: (any Source)?
        /// The number of images; nil if unknown.
        var count: Int?
        /// How it is used, unless its name says so.
        var role: String?

        init(_ part: FolderLayout.Part?, _ images: (any Source)?, role: String? = nil) {
            name = part?.name ?? ""
            self.images = images
            count = images?.count ?? part?.imageCount
            self.role = role
        }
    }

    /// The first line, as in `photos: train/ 3,068 images of 10 classes, test/ 372, validation/ 341 (not used)`.
    public let headline: String
    /// Notes on what is skipped and other points, the most important first.
    public let notes: [String]

    /// The most notes that are shown; `diptych scan` lists all.
    private static let shown = 8

    init(_ layout: FolderLayout, parts: [Part], notes more: [String] = []) {
        var words: [String] = []
        for part in parts {
            var text = part.name
            if let count = part.count {
                text += (text.isEmpty ? "" : " ") + (words.isEmpty ? counted(count, "image") : grouped(count))
            }
            if words.isEmpty, let images = part.images {
                text += SourceSummary.targets(of: images)
            }
            if let role = part.role { text += " (\(role))" }
            words.append(text)
        }
        headline = "\(layout.root): \(words.joined(separator: ", "))"
        var notes = layout.notes + more
        for part in parts {
            if let images = part.images { notes += SourceSummary.notes(on: images, in: part.name) }
        }
        // Both sides have the same classes.
        var seen = Set<[UInt8]>()
        self.notes = notes.filter { seen.insert(Array($0.utf8)).inserted }
    }

    /// The first line, then a bounded number of notes.
    public var lines: [String] {
        let rest = notes.count - SourceSummary.shown
        return [headline] + notes.prefix(SourceSummary.shown).map { "note: \($0)" }
            + (rest > 0 ? ["note: and \(rest) more; diptych scan lists all"] : [])
    }

    /// A whole number without `.0`.
    private static func shown(_ value: Double) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// The prediction targets in words.
    private static func targets(of images: any Source) -> String {
        let classes = counted(images.classes.count, "class", "classes")
        switch images.targets {
        case .none: return ", no classes"
        case .classes: return " of \(classes)"
        case .labelSets:
            let labels = (0..<images.count).reduce(0) { $0 + images.labels($1).count }
            return " of \(classes), \((Double(labels) / Double(max(1, images.count))).fixed(1)) each"
        case .values:
            let values = (0..<images.count).compactMap { images.fields($0).value }
            guard let least = values.min(), let most = values.max() else { return ", no classes" }
            return " with values from \(shown(least)) to \(shown(most))"
        }
    }

    private static func notes(on source: any Source, in part: String) -> [String] {
        var notes: [String] = []
        if !source.classes.isEmpty {
            let unlabelled = (0..<source.count).count { source.labels($0).isEmpty }
            let place = part.isEmpty ? "" : "\(part): "
            if unlabelled == source.count {
                notes.append("\(place)none of the \(counted(source.count, "image")) has a label of a class")
            } else if unlabelled > 0 {
                notes.append("\(place)\(grouped(unlabelled)) of \(counted(source.count, "image")) have no label")
            }
            notes += similarClasses(source.classes)
        }
        notes += FaintPictures.notes(on: source)
        return notes + source.listing.notes(images: source.count, in: part)
    }

    /// A note on classes whose names are equal, or differ only by capitals or by how an accent is written.
    private static func similarClasses(_ classes: [String]) -> [String] {
        let groups = Dictionary(grouping: classes.indices) { classes[$0].lowercased() }.values.filter { $0.count > 1 }
        guard let first = groups.min(by: { $0[0] < $1[0] }) else { return [] }
        let names = first.map { classes[$0] }
        let more = groups.count > 1 ? ", and \(groups.count - 1) more like them" : ""
        let labels = "labels \(first.map(String.init).joined(separator: " and "))"
        if names.allSatisfy({ $0.utf8.elementsEqual(names[0].utf8) }) {
            return ["\(names.count) classes are called \(names[0]) (\(labels)) and are kept apart\(more)"]
        }
        let difference = names.allSatisfy { $0 == names[0] } ? "by how accents are written" : "by capitals"
        return [
            "\(names.joined(separator: " and ")) (\(labels)) are separate classes, though they differ only "
                + "\(difference)\(more)"
        ]
    }

    /// The summary with test images from elsewhere.
    func judged(by layout: FolderLayout, part: FolderLayout.Part?, _ images: any Source) -> SourceSummary {
        let name = part.map { "\(layout.root)/\($0.name)" } ?? layout.root
        return SourceSummary(
            headline: "\(headline); tested on: \(name) \(counted(images.count, "image"))",
            notes: notes + layout.notes + SourceSummary.notes(on: images, in: name))
    }

    private init(headline: String, notes: [String]) {
        self.headline = headline
        self.notes = notes
    }
}

extension FolderLayout.Part {
    /// The number of images by name; nil if names are not enough to count them.
    var imageCount: Int? {
        switch place {
        case .opened(let source): source.count
        case .path(let folder): FolderGlance(folder).tars.isEmpty ? FolderListing.count(of: folder) : nil
        case .shards, .records: nil
        }
    }
}
