/// The picture in the middle of one of the branch's size, which `fill` completes; a longer side is cut to the middle.
///
/// torchvision's `Pad` takes widths of borders instead; here they follow from the sizes.
public struct Pad: Augmentation {
    /// `pad`.
    public static let name = "pad"
    /// The colour of the border.
    public var fill = Fill()

    /// A black border.
    public init() {}

    /// The branch's size; what is known to be larger cannot be padded to it.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        if case .fixed(let size) = input, size.width > target.width || size.height > target.height {
            throw InvalidSetting("", "a picture of \(size) is larger than the \(target) that it is to be padded to")
        }
        return .fixed(target)
    }

    /// No draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Placement? {
        Placement(centring: target, on: input)
    }

    /// The part that is kept.
    public func window(_ parameters: Placement) -> Region? { parameters.read }

    /// Copies to a new picture.
    public func apply(_ parameters: Placement, to canvas: Canvas) {
        canvas.replace(size: parameters.region.size) { source, target in
            PixelOperations.place(source, x: parameters.region.x, y: parameters.region.y, fill: fill, to: target)
        }
    }
}
