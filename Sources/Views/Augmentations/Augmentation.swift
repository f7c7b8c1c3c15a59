/// One operation on a picture, random or not: parameters are drawn first, then applied.
///
/// Drawing and applying apart makes a view replayable from its `Recipe`, lets the decoder know the region that it
/// must deliver before it starts, and lets a test compare the pixels without any randomness.
public protocol Augmentation: Component {
    /// Everything that `apply` needs beside the settings; what a recipe records.
    associatedtype Parameters: Codable, Equatable, Sendable

    /// The extent of the result, as far as it is known before a picture is seen.
    /// - Throws: `InvalidSetting` where a picture of extent `input` cannot be taken.
    func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape

    /// Draws the parameters for a picture of extent `input`; nil where chance leaves the picture alone.
    /// `target` is the branch's size.
    func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters?

    /// The only part of the input that `apply` reads; nil for all of it. A decoder may then deliver just that part.
    func window(_ parameters: Parameters) -> Region?

    /// How many of the input's pixels along each side may become one before `apply`, where speed counts more than the
    /// last level: a power of two up to 8. A step that allows more than 1 must heed `Image.shrink`.
    func shrink(_ parameters: Parameters) -> Int

    /// Changes the canvas.
    func apply(_ parameters: Parameters, to canvas: Canvas)
}

extension Augmentation {
    /// Leaves the extent as it is.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape { input }

    /// Reads the whole picture.
    public func window(_ parameters: Parameters) -> Region? { nil }

    /// Reads every pixel.
    public func shrink(_ parameters: Parameters) -> Int { 1 }
}

/// What is known of a picture's extent when the graph is built.
public enum Shape: Hashable, Sendable {
    /// Any extent: differs from file to file.
    case any
    /// Always this.
    case fixed(Size)
}

/// The parameters of an augmentation that has none.
public struct NoParameters: Codable, Equatable, Sendable {
    /// Nothing to say.
    public init() {}
}
