/// The result of a scan of every image of a source.
public struct ScanReport: Codable, Equatable, Sendable {
    /// One class and its images.
    public struct ClassCount: Codable, Equatable, Sendable {
        /// The class's name.
        public var name: String
        /// The number of its images, including unreadable ones.
        public var images: Int
    }

    /// One side of a folder that has sides, such as train and test.
    public struct SideCount: Codable, Equatable, Sendable {
        /// Which side it is.
        public var side: Side
        /// The number of its images.
        public var images: Int
        /// Its classes with their images.
        public var classes: [ClassCount]
    }

    /// An image that cannot be used.
    public struct Unreadable: Codable, Equatable, Sendable {
        /// The path relative to the root.
        public var path: String
        /// The kind of failure.
        public var kind: DecodeError.Kind
        /// What is wrong.
        public var reason: String
    }

    /// Images that look alike but are not the same file.
    public struct NearDuplicates: Codable, Equatable, Sendable {
        /// Their paths; only the first of files with the same bytes.
        public var paths: [String]
        /// The number of bits, of 64, in which the perceptual hash of each differs from that of the first.
        public var distances: [Int]
    }

    /// The minimum, median and maximum of a quantity.
    public struct Range: Codable, Equatable, Sendable {
        /// The minimum.
        public var smallest: Int
        /// The median.
        public var median: Int
        /// The maximum.
        public var largest: Int
    }

    /// The number of images listed.
    public var images = 0
    /// The classes in the order of their labels; empty without labels.
    public var classes: [ClassCount] = []
    /// The sides; empty if there are none.
    public var sides: [SideCount] = []
    /// Images of the other sides that are also files of the training side.
    public var across: [String] = []
    /// Images of the largest class divided by images of the smallest; nil without labels.
    public var imbalance: Double?
    /// The number of images by format, detected from the contents.
    public var formats: [String: Int] = [:]
    /// The widths of the readable images.
    public var widths: Range?
    /// The heights of the readable images.
    public var heights: Range?
    /// Images with an alpha channel or a transparent colour.
    public var alpha = 0
    /// Images that their EXIF orientation rotates or mirrors.
    public var oriented = 0
    /// Files of several pictures (animations, pages), of which only the first is read.
    public var several = 0
    /// Images whose name ends as that of another format than their contents have.
    public var mislabelled: [String] = []
    /// Images that are used although their decoder gave a warning.
    public var warned = 0
    /// Images of 16 bits a channel that use only the low ones, and so are read as nearly black.
    public var faint: [String] = []
    /// Images that cannot be used.
    public var unreadable: [Unreadable] = []
    /// Groups of files with the same bytes, two or more each.
    public var duplicates: [[String]] = []
    /// Groups of images that look alike, by perceptual hash and colours.
    public var nearDuplicates: [NearDuplicates] = []
    /// The largest distance, of 64 bits, between hashes of images that count as alike.
    public var nearDuplicateDistance = Scan.defaultDistance
    /// Images with a side below `tinyBelow` pixels.
    public var tiny: [String] = []
    /// The side in pixels below which an image is tiny.
    public var tinyBelow = Scan.defaultTinyBelow
    /// Pictures of formats that are not read, by the ending of their names; counted in `ignoredFiles` too.
    public var foreign: [String: SourceListing.Foreign] = [:]
    /// The number of skipped files whose names are not those of images.
    public var ignoredFiles = 0
    /// The number of skipped entries whose names start with a point.
    public var hiddenEntries = 0
    /// The number of skipped entries of a system, such as `@eaDir`.
    public var systemEntries = 0
    /// What the listing found.
    public var issues: [SourceIssue] = []

    /// An empty report.
    public init() {}
}
