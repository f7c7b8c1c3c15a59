/// Images of one side, whose names begin with the side's folder, so that it is clear which are meant.
struct SideImages: Source {
    let base: any Source
    /// As in `test/`.
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

/// The sides of a folder as one source, one after another; a class of several sides is one, by its name.
public struct JoinedSides: Source {
    /// A side and its images.
    public struct Part: Sendable {
        /// What it is for.
        public let side: Side
        /// Its images.
        public let images: any Source
        /// Their places among all.
        public let range: Range<Int>
        /// Of each of its own classes the place among all; nil where that cannot be told.
        let labels: [Int?]
    }

    /// The sides in order.
    public let parts: [Part]
    /// The classes of the first side, then those that only later ones have.
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

    /// What else is known of an image, its side included.
    public func fields(_ index: Int) -> ImageFields {
        let part = part(of: index)
        var fields = part.images.fields(index - part.range.lowerBound)
        fields.side = part.side
        return fields
    }

    /// What any of the sides says of its images.
    public var columns: Set<ImageColumn> { parts.reduce([.split]) { $0.union($1.images.columns) } }

    /// The name, which begins with the side's folder.
    public func name(_ index: Int) -> String {
        let part = part(of: index)
        return part.images.name(index - part.range.lowerBound)
    }

    /// The bytes of an image, where that is known without reading it.
    public func byteCount(_ index: Int) -> Int? {
        let part = part(of: index)
        return part.images.byteCount(index - part.range.lowerBound)
    }

    /// Reads an image's encoded bytes.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        let part = part(of: index)
        try part.images.read(index - part.range.lowerBound, into: buffer)
    }

    /// The text that goes with an image.
    public func caption(_ index: Int) throws(DecodeError) -> String? {
        let part = part(of: index)
        return try part.images.caption(index - part.range.lowerBound)
    }

    /// The runs of the sides; none where a side has none.
    public var runs: [Range<Int>] {
        guard parts.allSatisfy({ !$0.images.runs.isEmpty }) else { return [] }
        return parts.flatMap { part in
            part.images.runs.map { $0.lowerBound + part.range.lowerBound..<$0.upperBound + part.range.lowerBound }
        }
    }

    /// What listing the sides came across.
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
