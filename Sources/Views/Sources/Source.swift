@_exported import struct Files.DataError
import Files

/// A list of encoded images, some of them labelled; what training, probing and scanning read from.
public protocol Source: Sendable {
    /// Number of images.
    var count: Int { get }

    /// Class names, whose indices are the labels; empty if nothing is labelled.
    var classes: [String] { get }

    /// The class of an image, an index into `classes`; nil if unlabelled.
    func label(_ index: Int) -> Int?

    /// A printable name, unique where the file system's is: the path relative to the root.
    func name(_ index: Int) -> String

    /// Reads an image's encoded bytes; may be called from several threads, each with its own buffer.
    /// - Throws: `DecodeError` of kind `unreadable`, `empty` or `tooLarge`.
    func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError)

    /// The bytes of an image, where that is known without reading it; nil where it is not.
    func byteCount(_ index: Int) -> Int?

    /// The text that goes with an image; nil where there is none.
    /// - Throws: `DecodeError` where there is one that cannot be read.
    func caption(_ index: Int) throws(DecodeError) -> String?

    /// All classes of an image, indices into `classes`: any number of them where `columns` has `labels`.
    func labels(_ index: Int) -> [Int]

    /// What else is known of an image.
    func fields(_ index: Int) -> ImageFields

    /// What the source says of its images beside what every source does.
    var columns: Set<ImageColumn> { get }

    /// Images that lie one after another in one file each, in the order of `index` and covering all; empty where every
    /// image is a file of its own. Storage is fastest when a run is read from its start to its end.
    var runs: [Range<Int>] { get }

    /// What listing the source came across beside its images.
    var listing: SourceListing { get }

    /// Positions of images that are the same file as an earlier one, by links, with that one's position; may ask the
    /// file system for every image.
    var links: [Int: Int] { get }
}

extension Source {
    /// Unknown.
    public func byteCount(_ index: Int) -> Int? { nil }

    /// No text.
    public func caption(_ index: Int) throws(DecodeError) -> String? { nil }

    /// The class, where there is one.
    public func labels(_ index: Int) -> [Int] { label(index).map { [$0] } ?? [] }

    /// Nothing.
    public func fields(_ index: Int) -> ImageFields { ImageFields() }

    /// None.
    public var columns: Set<ImageColumn> { [] }

    /// Files of their own.
    public var runs: [Range<Int>] { [] }

    /// Nothing.
    public var listing: SourceListing { SourceListing() }

    /// None.
    public var links: [Int: Int] { [:] }
}

/// Something found while listing a source that is left out or that the user should know of.
public struct SourceIssue: Codable, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of issue, which tools can tell apart.
    public enum Kind: String, Codable, Sendable {
        /// A folder that cannot be listed.
        case unreadable
        /// A symbolic link to nothing.
        case brokenLink = "broken_link"
        /// A folder that is linked into itself, or linked to more often than can be meant.
        case loop
        /// An image name on something that is no file, such as a pipe.
        case notAFile = "not_a_file"
        /// A class folder without images; it gets no label.
        case emptyClass = "empty_class"
        /// A class that the training data do not have.
        case unknownClass = "unknown_class"
        /// Images beside class folders.
        case mixed
        /// A file of many images that is damaged or cut short; what comes before the damage is used.
        case damaged
        /// A label that is no number, or that no class has; its image is unlabelled.
        case badLabel = "bad_label"
        /// Images without a caption beside others that have one.
        case noCaption = "no_caption"
        /// Folders in shards, and what they are taken for.
        case classesFromFolders = "classes_from_folders"
        /// Rows of a table whose images are not there.
        case missing
        /// Rows of a table that name an image again.
        case duplicate
        /// Which column of a table says what.
        case columns
        /// Something in a shard that is passed over, such as a link or a second image of one sample.
        case skipped
    }

    /// The kind of issue.
    public var kind: Kind
    /// The path relative to the root, printable.
    public var path: String
    /// One line for people.
    public var reason: String

    /// `path: reason`.
    public var description: String { "\(path): \(reason)" }
}

/// Bytes of a name as text: what is not UTF-8, and control characters, as `\xNN`.
func printable(_ bytes: some Collection<UInt8>) -> String { SystemPath.printable(bytes) }
