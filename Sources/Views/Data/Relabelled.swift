/// A source whose labels are indices into another list of classes, matched by name; an image of a class that is not in the
/// list is unlabelled.
struct Relabelled: Source {
    let base: any Source
    let classes: [String]
    private let map: [Int?]

    init(_ base: any Source, classes: [String]) {
        self.base = base
        self.classes = classes
        let places = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        map = base.classes.map { places[$0] }
    }

    var count: Int { base.count }
    var runs: [Range<Int>] { base.runs }
    var links: [Int: Int] { base.links }

    var listing: SourceListing {
        var listing = base.listing
        for (name, place) in zip(base.classes, map) where place == nil {
            listing.note(.unknownClass, name, "is not a class of the training images, so its images are unlabelled")
        }
        return listing
    }

    func label(_ index: Int) -> Int? { base.label(index).flatMap { map[$0] } }
    func name(_ index: Int) -> String { base.name(index) }
    func byteCount(_ index: Int) -> Int? { base.byteCount(index) }
    func caption(_ index: Int) throws(DecodeError) -> String? { try base.caption(index) }

    func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        try base.read(index, into: buffer)
    }
}
