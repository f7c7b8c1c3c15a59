/// A source whose labels are indices into another list of classes, matched by the bytes of their names (`ClassNames`).
/// An image of a class that is not in the list is unlabelled.
public struct Relabelled: Source {
    /// The original source.
    public let base: any Source
    /// Class names, whose indices are the labels.
    public let classes: [String]
    /// What was found while the base was listed, and its classes that are not in the list.
    public let listing: SourceListing
    private let places: [ClassNames.Place]

    /// Counts the images of classes that are not in the list.
    public init(_ base: any Source, classes: [String]) {
        self.base = base
        self.classes = classes
        let places = ClassNames.places(of: base.classes, in: classes)
        self.places = places
        var listing = base.listing
        if places.contains(where: { $0.index == nil }) {
            var counts = [Int](repeating: 0, count: places.count)
            for index in 0..<base.count {
                for label in base.labels(index) { counts[label] += 1 }
            }
            for (label, place) in places.enumerated() where place.index == nil && counts[label] > 0 {
                listing.note(unknown: base.classes[label], place, images: counts[label], isListed: true)
            }
        }
        self.listing = listing
    }

    /// Number of images.
    public var count: Int { base.count }
    /// The runs of the base.
    public var runs: [Range<Int>] { base.runs }
    /// The links of the base.
    public var links: [Int: Int] { base.links }
    /// The number of bytes of an image, if it is known without reading it.
    public func byteCount(_ index: Int) -> Int? { base.byteCount(index) }

    /// The class of an image; nil if it has none, or one that is not in the list.
    public func label(_ index: Int) -> Int? { base.label(index).flatMap { places[$0].index } }
    /// The classes of an image that are in the list.
    public func labels(_ index: Int) -> [Int] { base.labels(index).compactMap { places[$0].index } }
    /// The other fields of an image.
    public func fields(_ index: Int) -> ImageFields { base.fields(index) }
    /// The columns of the base.
    public var columns: Set<ImageColumn> { base.columns }
    /// The name in the base.
    public func name(_ index: Int) -> String { base.name(index) }
    /// The caption of an image.
    public func caption(_ index: Int) throws(DecodeError) -> String? { try base.caption(index) }

    /// Reads an image's encoded bytes.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        try base.read(index, into: buffer)
    }
}
