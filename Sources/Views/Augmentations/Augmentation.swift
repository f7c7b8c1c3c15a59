/// One operation on a picture, random or not: parameters are drawn first, then applied.
///
/// Since drawing is separate from applying, a view can be replayed from its `Recipe`, a decoder knows the region that
/// it must deliver before it starts, and a test can compare pixels without randomness.
public protocol Augmentation: Component {
    /// Everything that `apply` needs besides the settings; a recipe records it.
    associatedtype Parameters: Codable, Equatable, Sendable

    /// The size of the result, as far as it is known before a picture is seen.
    /// - Throws: `InvalidSetting` if the step cannot handle a picture of size `input`.
    func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape

    /// Draws the parameters for a picture of size `input`; nil if the step is skipped by chance.
    /// `target` is the branch's size.
    func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters?

    /// The part of the input that `apply` reads; nil for all of it. A decoder may deliver that part alone.
    func window(_ parameters: Parameters) -> Region?

    /// By how much each side of the input may be smaller before `apply` if speed matters more than exact values: a
    /// power of two up to 8. A step that allows more than 1 must respect `Image.shrink`.
    func shrink(_ parameters: Parameters) -> Int

    /// Applies the step to the canvas.
    func apply(_ parameters: Parameters, to canvas: Canvas)
}

extension Augmentation {
    /// Keeps the size.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape { input }

    /// Reads the whole picture.
    public func window(_ parameters: Parameters) -> Region? { nil }

    /// Reads every pixel.
    public func shrink(_ parameters: Parameters) -> Int { 1 }
}

/// What is known about a picture's size when the graph is built.
public enum Shape: Hashable, Sendable {
    /// Any size: it differs from file to file.
    case any
    /// Always this size.
    case fixed(Size)
}

/// The parameters of an augmentation that has none.
public struct NoParameters: Codable, Equatable, Sendable {
    /// No parameters.
    public init() {}
}
