/// Some images of a source, in the order given; labels keep their meaning.
public struct Subset: Source {
    /// The source that is selected from.
    public let base: any Source
    /// The positions in it.
    public let indices: [Int]

    /// Selects images by their positions.
    public init(_ base: any Source, indices: [Int]) {
        self.base = base
        self.indices = indices
    }

    /// Selects the first `count` images of each class in the source's order, which is by name; of all where unlabelled.
    public init(_ base: any Source, firstOfEachClass count: Int) {
        var taken: [Int?: Int] = [:]
        self.init(
            base,
            indices: (0..<base.count).filter { index in
                taken[base.label(index), default: 0] += 1
                return taken[base.label(index), default: 0] <= count
            })
    }

    /// Number of images.
    public var count: Int { indices.count }

    /// Class names of the base.
    public var classes: [String] { base.classes }

    /// The class of an image; nil if unlabelled.
    public func label(_ index: Int) -> Int? { base.label(indices[index]) }

    /// All classes of an image.
    public func labels(_ index: Int) -> [Int] { base.labels(indices[index]) }

    /// What else is known of an image.
    public func fields(_ index: Int) -> ImageFields { base.fields(indices[index]) }

    /// What the base says of its images.
    public var columns: Set<ImageColumn> { base.columns }

    /// The name in the base.
    public func name(_ index: Int) -> String { base.name(indices[index]) }

    /// The bytes of an image, where the base knows them.
    public func byteCount(_ index: Int) -> Int? { base.byteCount(indices[index]) }

    /// Reads an image's encoded bytes.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        try base.read(indices[index], into: buffer)
    }

    /// The text that goes with an image.
    public func caption(_ index: Int) throws(DecodeError) -> String? { try base.caption(indices[index]) }

    /// The runs of the base, as far as they are selected; none where the order is not the base's.
    public var runs: [Range<Int>] {
        guard !base.runs.isEmpty, zip(indices, indices.dropFirst()).allSatisfy({ $0 < $1 }) else { return [] }
        var result: [Range<Int>] = []
        var start = 0
        for run in base.runs {
            let end = start + indices[start...].prefix { $0 < run.upperBound }.count
            if end > start { result.append(start..<end) }
            start = end
        }
        return result
    }

    /// What listing the base came across.
    public var listing: SourceListing { base.listing }

    /// The links of the base among what is selected.
    public var links: [Int: Int] {
        let known = base.links
        guard !known.isEmpty else { return [:] }
        var first: [Int: Int] = [:]
        var links: [Int: Int] = [:]
        for (place, index) in indices.enumerated() {
            let original = known[index] ?? index
            if let earlier = first[original] { links[place] = earlier } else { first[original] = place }
        }
        return links
    }
}
