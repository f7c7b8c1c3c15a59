/// Pads the picture with `fill` on all sides to the branch's size; a longer side is cropped at its centre.
///
/// torchvision's `Pad` takes the widths of the borders instead; here they follow from the sizes.
public struct Pad: Augmentation {
    /// Its name in pipeline files.
    public static let name = "pad"
    /// The colour of the border.
    public var fill = Fill()

    /// A black border.
    public init() {}

    /// The branch's size; a picture that is known to be larger cannot be padded to it.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        if case .fixed(let size) = input, size.width > target.width || size.height > target.height {
            throw InvalidSetting("", "a picture of \(size) cannot be padded to the smaller \(target)")
        }
        return .fixed(target)
    }

    /// Uses no random draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Placement? {
        Placement(centring: target, on: input)
    }

    /// The part that is kept.
    public func window(_ parameters: Placement) -> Region? { parameters.read }

    /// Copies the picture to a new one.
    public func apply(_ parameters: Placement, to canvas: Canvas) {
        canvas.replace(size: parameters.region.size) { source, target in
            PixelOperations.place(source, x: parameters.region.x, y: parameters.region.y, fill: fill, to: target)
        }
    }
}
