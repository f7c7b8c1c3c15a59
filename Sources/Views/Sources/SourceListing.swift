/// What was found besides images while a source was listed.
public struct SourceListing: Codable, Equatable, Sendable {
    /// Files of an unsupported format with one extension.
    public struct Foreign: Codable, Equatable, Sendable {
        /// The number of files.
        public var files = 0
        /// The first of them, at most `examplesKept`, relative to the root.
        public var examples: [String] = []

        /// The most examples that are kept for each extension.
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
        /// Whether the source has the images, without labels; else they are skipped.
        public var isListed: Bool

        /// A class with this name and number of images.
        public init(name: String, images: Int, isListed: Bool) {
            (self.name, self.images, self.isListed) = (name, images, isListed)
        }
    }

    /// What was skipped, and other notes.
    public var issues: [SourceIssue] = []
    /// Classes whose images have no label, because the training images do not have these classes.
    public var unknownClasses: [UnknownClass] = []
    /// Files that are not images, including those of unsupported formats.
    public var ignoredFiles = 0
    /// Entries whose names start with a full stop.
    public var hiddenEntries = 0
    /// Entries of an operating system, such as `@eaDir` and `$RECYCLE.BIN`, which are skipped with everything inside.
    public var systemEntries = 0
    /// The share of the data that cannot be listed, 0...1: unreadable folders, broken links, damaged bytes of shards.
    public var lost = 0.0
    /// Files of unsupported formats, by extension, as in `psd`.
    public var foreign: [String: Foreign] = [:]

    /// An empty listing.
    public init() {}

    /// Adds an issue.
    mutating func note(_ kind: SourceIssue.Kind, _ path: String, _ reason: String) {
        issues.append(SourceIssue(kind: kind, path: path, reason: reason))
    }

    /// Adds a class that the training images do not have.
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
