/// Some images of a source in a given order, with the same labels.
public struct Subset: Source {
    /// The source from which images are selected.
    public let base: any Source
    /// The positions of the selected images in `base`.
    public let indices: [Int]

    /// The images at these positions.
    public init(_ base: any Source, indices: [Int]) {
        self.base = base
        self.indices = indices
    }

    /// The first `count` images of each class in the source's order; the first `count` of all images without labels.
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

    /// The class names of the base.
    public var classes: [String] { base.classes }

    /// The class of an image; nil without a label.
    public func label(_ index: Int) -> Int? { base.label(indices[index]) }

    /// All classes of an image.
    public func labels(_ index: Int) -> [Int] { base.labels(indices[index]) }

    /// The other fields of an image.
    public func fields(_ index: Int) -> ImageFields { base.fields(indices[index]) }

    /// The columns of the base.
    public var columns: Set<ImageColumn> { base.columns }

    /// The name in the base.
    public func name(_ index: Int) -> String { base.name(indices[index]) }

    /// The number of bytes of an image, if the base knows it.
    public func byteCount(_ index: Int) -> Int? { base.byteCount(indices[index]) }

    /// Reads an image's encoded bytes.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        try base.read(indices[index], into: buffer)
    }

    /// The caption of an image.
    public func caption(_ index: Int) throws(DecodeError) -> String? { try base.caption(indices[index]) }

    /// The selected parts of the base's runs; empty if the order differs from the base's.
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

    /// What was found while the base was listed.
    public var listing: SourceListing { base.listing }

    /// The links of the base among the selected images.
    public var links: [Int: Int] {
        let known = base.links
        guard !known.isEmpty else { return [:] }
        var first: [Int: Int] = [:]
        var links: [Int: Int] = [:]
        for (position, index) in indices.enumerated() {
            let original = known[index] ?? index
            if let earlier = first[original] { links[position] = earlier } else { first[original] = position }
        }
        return links
    }
}
