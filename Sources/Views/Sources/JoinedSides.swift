/// The images of one side. Their names begin with the side's folder, so that they are unique.
struct SideImages: Source {
    let base: any Source
    /// The folder, as in `test/`.
    let folder: String

    init(_ base: any Source, folder: String) {
        self.base = base
        self.folder = folder
    }

    var count: Int { base.count }
    var classes: [String] { base.classes }
    var runs: [Range<Int>] { base.runs }
    var links: [Int: Int] { base.links }

    var listing: SourceListing {
        var listing = base.listing
        for index in listing.issues.indices { listing.issues[index].path = folder + listing.issues[index].path }
        listing.foreign = listing.foreign.mapValues { found in
            .init(files: found.files, examples: found.examples.map { folder + $0 })
        }
        return listing
    }

    func label(_ index: Int) -> Int? { base.label(index) }
    func labels(_ index: Int) -> [Int] { base.labels(index) }
    func fields(_ index: Int) -> ImageFields { base.fields(index) }
    var columns: Set<ImageColumn> { base.columns }
    func name(_ index: Int) -> String { folder + base.name(index) }
    func byteCount(_ index: Int) -> Int? { base.byteCount(index) }
    func caption(_ index: Int) throws(DecodeError) -> String? { try base.caption(index) }

    func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        try base.read(index, into: buffer)
    }
}

/// The sides of a folder as one source, one after another. Classes of the same name are one class.
public struct JoinedSides: Source {
    /// A side and its images.
    public struct Part: Sendable {
        /// What it is for.
        public let side: Side
        /// Its images.
        public let images: any Source
        /// Their positions among all images.
        public let range: Range<Int>
        /// For each of its own classes the index among all classes; nil if it is ambiguous.
        let labels: [Int?]
    }

    /// The sides in order.
    public let parts: [Part]
    /// The classes of the first side, followed by those that only later sides have.
    public let classes: [String]

    init(_ sides: [(side: Side, images: any Source)]) {
        var classes: [String] = []
        var parts: [Part] = []
        var start = 0
        for (side, images) in sides {
            classes = ClassNames.extended(classes, by: images.classes)
            let labels = ClassNames.places(of: images.classes, in: classes).map(\.index)
            parts.append(Part(side: side, images: images, range: start..<start + images.count, labels: labels))
            start += images.count
        }
        self.parts = parts
        self.classes = classes
    }

    /// Number of images.
    public var count: Int { parts.last?.range.upperBound ?? 0 }

    /// The side of an image.
    public func side(of index: Int) -> Side { part(of: index).side }

    /// The class of an image, an index into `classes`; nil if unlabelled.
    public func label(_ index: Int) -> Int? {
        let part = part(of: index)
        return part.images.label(index - part.range.lowerBound).flatMap { part.labels[$0] }
    }

    /// All classes of an image.
    public func labels(_ index: Int) -> [Int] {
        let part = part(of: index)
        return part.images.labels(index - part.range.lowerBound).compactMap { part.labels[$0] }
    }

    /// The other fields of an image, including its side.
    public func fields(_ index: Int) -> ImageFields {
        let part = part(of: index)
        var fields = part.images.fields(index - part.range.lowerBound)
        fields.side = part.side
        return fields
    }

    /// The columns of any of the sides.
    public var columns: Set<ImageColumn> { parts.reduce([.split]) { $0.union($1.images.columns) } }

    /// The name of an image, which begins with the side's folder.
    public func name(_ index: Int) -> String {
        let part = part(of: index)
        return part.images.name(index - part.range.lowerBound)
    }

    /// The number of bytes of an image, if it is known without reading it.
    public func byteCount(_ index: Int) -> Int? {
        let part = part(of: index)
        return part.images.byteCount(index - part.range.lowerBound)
    }

    /// Reads an image's encoded bytes.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        let part = part(of: index)
        try part.images.read(index - part.range.lowerBound, into: buffer)
    }

    /// The caption of an image.
    public func caption(_ index: Int) throws(DecodeError) -> String? {
        let part = part(of: index)
        return try part.images.caption(index - part.range.lowerBound)
    }

    /// The runs of the sides; empty if a side has none.
    public var runs: [Range<Int>] {
        guard parts.allSatisfy({ !$0.images.runs.isEmpty }) else { return [] }
        return parts.flatMap { part in
            part.images.runs.map { $0.lowerBound + part.range.lowerBound..<$0.upperBound + part.range.lowerBound }
        }
    }

    /// What was found while the sides were listed.
    public var listing: SourceListing { parts.reduce(SourceListing()) { $0 + $1.images.listing } }

    /// Links within a side.
    public var links: [Int: Int] {
        var links: [Int: Int] = [:]
        for part in parts {
            for (place, first) in part.images.links {
                links[place + part.range.lowerBound] = first + part.range.lowerBound
            }
        }
        return links
    }

    private func part(of index: Int) -> Part {
        parts.first { index < $0.range.upperBound } ?? parts[parts.count - 1]
    }
}
