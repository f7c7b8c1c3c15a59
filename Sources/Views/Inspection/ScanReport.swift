/// What a look at every image of a source found.
public struct ScanReport: Codable, Equatable, Sendable {
    /// One class and its images.
    public struct ClassCount: Codable, Equatable, Sendable {
        /// The class's name.
        public var name: String
        /// Its images, unreadable ones included.
        public var images: Int
    }

    /// One side of a folder that has some.
    public struct SideCount: Codable, Equatable, Sendable {
        /// What it is for.
        public var side: Side
        /// Its images.
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

    /// Images that look like one another but are not the same file.
    public struct NearDuplicates: Codable, Equatable, Sendable {
        /// Their paths; of files with the same bytes only the first.
        public var paths: [String]
        /// In how many of 64 bits the perceptual hash of each differs from that of the first.
        public var distances: [Int]
    }

    /// The smallest, the middle and the largest of a figure.
    public struct Range: Codable, Equatable, Sendable {
        /// The smallest.
        public var smallest: Int
        /// The one in the middle.
        public var median: Int
        /// The largest.
        public var largest: Int
    }

    /// Images listed.
    public var images = 0
    /// The classes in the order of their labels; empty if unlabelled.
    public var classes: [ClassCount] = []
    /// The sides; empty where the images are one whole.
    public var sides: [SideCount] = []
    /// Images of the other sides whose files are among those to learn from.
    public var across: [String] = []
    /// Images of the largest class over images of the smallest; nil if unlabelled.
    public var imbalance: Double?
    /// Images by format, as the content has it.
    public var formats: [String: Int] = [:]
    /// Columns of the readable images.
    public var widths: Range?
    /// Rows of the readable images.
    public var heights: Range?
    /// Images with an alpha channel or a transparent colour.
    public var alpha = 0
    /// Images whose EXIF orientation turns or mirrors them.
    public var oriented = 0
    /// Files of several pictures (animations, pages), of which the first is read.
    public var several = 0
    /// Images whose name promises another format than the content has.
    public var mislabelled: [String] = []
    /// Images whose decoder had something to say, but which are used.
    public var warned = 0
    /// Images of 16 bits a channel that fill only the low ones, and so are read as nearly black.
    public var faint: [String] = []
    /// Images that cannot be used.
    public var unreadable: [Unreadable] = []
    /// Groups of files with the same bytes, two or more each.
    public var duplicates: [[String]] = []
    /// Groups of images that look alike, by perceptual hash and colours.
    public var nearDuplicates: [NearDuplicates] = []
    /// Bits out of 64 in which hashes differ at most that are taken for alike.
    public var nearDuplicateDistance = Scan.defaultDistance
    /// Images of which a side is below `tinyBelow` pixels.
    public var tiny: [String] = []
    /// Pixels below which a side is tiny.
    public var tinyBelow = Scan.defaultTinyBelow
    /// Pictures of formats that are not read, by the ending of their names; counted in `ignoredFiles` too.
    public var foreign: [String: SourceListing.Foreign] = [:]
    /// Files that are no images by their names, left out.
    public var ignoredFiles = 0
    /// Entries whose names start with a point, left out.
    public var hiddenEntries = 0
    /// Entries that belong to a system, such as `@eaDir`, left out.
    public var systemEntries = 0
    /// What the listing came across.
    public var issues: [SourceIssue] = []

    /// An empty report.
    public init() {}
}
