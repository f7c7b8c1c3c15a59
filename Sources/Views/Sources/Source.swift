@_exported import struct Files.DataError
import Files

/// A list of encoded images, with or without labels, for training, probing and scanning.
public protocol Source: Sendable {
    /// Number of images.
    var count: Int { get }

    /// Class names, whose indices are the labels; empty if nothing is labelled.
    var classes: [String] { get }

    /// The class of an image, an index into `classes`; nil if unlabelled.
    func label(_ index: Int) -> Int?

    /// A printable name: the path relative to the root. Different paths have different names.
    func name(_ index: Int) -> String

    /// Reads an image's encoded bytes; may be called from several threads, each with its own buffer.
    /// - Throws: `DecodeError` of kind `unreadable`, `empty` or `tooLarge`.
    func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError)

    /// The number of bytes of an image, if it is known without reading it.
    func byteCount(_ index: Int) -> Int?

    /// The caption of an image; nil if it has none.
    /// - Throws: `DecodeError` if the caption cannot be read.
    func caption(_ index: Int) throws(DecodeError) -> String?

    /// All classes of an image, indices into `classes`: any number of them where `columns` has `labels`.
    func labels(_ index: Int) -> [Int]

    /// The other fields of an image.
    func fields(_ index: Int) -> ImageFields

    /// The columns that the source has besides labels and captions.
    var columns: Set<ImageColumn> { get }

    /// Ranges of images that are stored together in one file, in order and without gaps; empty if every image is a
    /// separate file. Storage is fastest if a run is read sequentially.
    var runs: [Range<Int>] { get }

    /// What the listing of the source found besides images.
    var listing: SourceListing { get }

    /// Positions of images that are the same file as an earlier one, by links, with that one's position; may ask the
    /// file system for every image.
    var links: [Int: Int] { get }
}

extension Source {
    /// The size is unknown by default.
    public func byteCount(_ index: Int) -> Int? { nil }

    /// There is no caption by default.
    public func caption(_ index: Int) throws(DecodeError) -> String? { nil }

    /// The class, if there is one.
    public func labels(_ index: Int) -> [Int] { label(index).map { [$0] } ?? [] }

    /// Nothing.
    public func fields(_ index: Int) -> ImageFields { ImageFields() }

    /// None.
    public var columns: Set<ImageColumn> { [] }

    /// There are no runs by default: each image is a separate file.
    public var runs: [Range<Int>] { [] }

    /// Nothing.
    public var listing: SourceListing { SourceListing() }

    /// None.
    public var links: [Int: Int] { [:] }
}

/// Something that the listing of a source found, and skipped or reports.
public struct SourceIssue: Codable, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of issue, for tools.
    public enum Kind: String, Codable, Sendable {
        /// A folder that cannot be listed.
        case unreadable
        /// A symbolic link to nothing.
        case brokenLink = "broken_link"
        /// A folder that is linked into itself, or linked to too often.
        case loop
        /// Something with the name of an image that is not a file, such as a pipe.
        case notAFile = "not_a_file"
        /// A class folder without images; it gets no label.
        case emptyClass = "empty_class"
        /// A class that the training data do not have.
        case unknownClass = "unknown_class"
        /// Images beside class folders.
        case mixed
        /// A file of many images that is damaged or truncated; the images before the damage are used.
        case damaged
        /// A label that is invalid or not that of a class; its image has no label.
        case badLabel = "bad_label"
        /// Images without a caption beside others that have one.
        case noCaption = "no_caption"
        /// Folders in shards, and how they were read.
        case classesFromFolders = "classes_from_folders"
        /// Rows of a table whose images do not exist.
        case missing
        /// Rows of a table that name an image again.
        case duplicate
        /// The meaning of each column of a table.
        case columns
        /// Something in a shard that is skipped, such as a link or a second image of one sample.
        case skipped
    }

    /// The kind of issue.
    public var kind: Kind
    /// The path relative to the root, printable.
    public var path: String
    /// What was found, in one line.
    public var reason: String

    /// `path: reason`.
    public var description: String { "\(path): \(reason)" }
}

/// A name as text, with invalid UTF-8 and control characters written as `\xNN`.
func printable(_ bytes: some Collection<UInt8>) -> String { SystemPath.printable(bytes) }
