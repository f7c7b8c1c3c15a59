/// What listing a source came across beside its images.
public struct SourceListing: Codable, Equatable, Sendable {
    /// Pictures of a format that is not read, by the ending of their names.
    public struct Foreign: Codable, Equatable, Sendable {
        /// How many there are.
        public var files = 0
        /// The first of them, at most `examplesKept`, relative to the root.
        public var examples: [String] = []

        /// Examples that are kept of each ending.
        public static let examplesKept = 100

        mutating func add(_ path: @autoclosure () -> String) {
            files += 1
            if examples.count < Foreign.examplesKept { examples.append(path()) }
        }
    }

    /// A class of test images that the training images do not have.
    public struct UnknownClass: Codable, Equatable, Sendable {
        /// Its name.
        public var name: String
        /// Its images.
        public var images: Int
        /// Whether the source has the images, unlabelled; else they are left out of it.
        public var isListed: Bool

        /// Makes a value.
        public init(name: String, images: Int, isListed: Bool) {
            (self.name, self.images, self.isListed) = (name, images, isListed)
        }
    }

    /// What was left out, or should be known.
    public var issues: [SourceIssue] = []
    /// Classes whose images have no label, for they are none of those that were asked for.
    public var unknownClasses: [UnknownClass] = []
    /// Files that are no images, foreign formats included.
    public var ignoredFiles = 0
    /// Entries whose names start with a point.
    public var hiddenEntries = 0
    /// Entries that belong to a system, such as `@eaDir` and `$RECYCLE.BIN`, left out with all below.
    public var systemEntries = 0
    /// The share of the data that cannot be listed at all, 0...1: folders of folders, links to
    /// nothing of images, bytes of shards.
    public var lost = 0.0
    /// Pictures of formats that are not read, by ending, as in `webp`.
    public var foreign: [String: Foreign] = [:]

    /// Nothing found.
    public init() {}

    /// Notes an issue.
    mutating func note(_ kind: SourceIssue.Kind, _ path: String, _ reason: String) {
        issues.append(SourceIssue(kind: kind, path: path, reason: reason))
    }

    /// Notes a class that is none of those that were asked for.
    mutating func note(
        unknown name: String, _ place: ClassNames.Place, images: Int, isListed: Bool
    ) {
        let few = images == 1 ? "its 1 image is" : "its \(images) images are"
        let reason =
            place == .ambiguous
            ? "is not the only class of that name, and the training images have another number of them; "
                + "\(few) \(isListed ? "unlabelled" : "skipped")"
            : "is not a class of the training images; \(few) \(isListed ? "unlabelled" : "skipped")"
        note(.unknownClass, name, reason)
        unknownClasses.append(UnknownClass(name: name, images: images, isListed: isListed))
    }

    static func + (first: SourceListing, second: SourceListing) -> SourceListing {
        var sum = first
        sum.issues += second.issues
        sum.unknownClasses += second.unknownClasses
        sum.ignoredFiles += second.ignoredFiles
        sum.hiddenEntries += second.hiddenEntries
        sum.systemEntries += second.systemEntries
        sum.lost = max(sum.lost, second.lost)
        sum.foreign.merge(second.foreign) { one, other in
            Foreign(
                files: one.files + other.files,
                examples: Array((one.examples + other.examples).prefix(Foreign.examplesKept)))
        }
        return sum
    }
}
