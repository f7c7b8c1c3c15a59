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

    /// What was left out, or should be known.
    public var issues: [SourceIssue] = []
    /// Files that are no images by their names, foreign formats included.
    public var ignoredFiles = 0
    /// Entries whose names start with a point.
    public var hiddenEntries = 0
    /// Entries that belong to a system, such as `@eaDir` and `$RECYCLE.BIN`, left out with all below.
    public var systemEntries = 0
    /// Pictures of formats that are not read, by ending, as in `webp`.
    public var foreign: [String: Foreign] = [:]

    /// Nothing found.
    public init() {}

    /// Notes an issue.
    mutating func note(_ kind: SourceIssue.Kind, _ path: String, _ reason: String) {
        issues.append(SourceIssue(kind: kind, path: path, reason: reason))
    }

    static func + (first: SourceListing, second: SourceListing) -> SourceListing {
        var sum = first
        sum.issues += second.issues
        sum.ignoredFiles += second.ignoredFiles
        sum.hiddenEntries += second.hiddenEntries
        sum.systemEntries += second.systemEntries
        sum.foreign.merge(second.foreign) { one, other in
            Foreign(
                files: one.files + other.files,
                examples: Array((one.examples + other.examples).prefix(Foreign.examplesKept)))
        }
        return sum
    }
}
