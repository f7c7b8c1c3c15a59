/// The middle of the picture in the branch's size, black around where the picture is smaller: torchvision's `CenterCrop`.
public struct CenterCrop: Augmentation {
    /// `center_crop`.
    public static let name = "center_crop"

    /// There is nothing to set.
    public init() {}

    /// The branch's size.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape { .fixed(target) }

    /// No draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Placement? {
        Placement(centring: target, on: input)
    }

    /// The part that is kept.
    public func window(_ parameters: Placement) -> Region? { parameters.read }

    /// Copies to a new picture.
    public func apply(_ parameters: Placement, to canvas: Canvas) {
        canvas.replace(size: parameters.region.size) { source, target in
            PixelOperations.place(source, x: parameters.region.x, y: parameters.region.y, fill: Fill(), to: target)
        }
    }
}

/// Where a new picture lies on an old one, which it need not contain nor be contained in.
public struct Placement: Codable, Equatable, Sendable {
    /// The new picture's extent in the old one's coordinates, which may be negative.
    public var region: Region
    /// The part of the old picture that the new one shows; nil where there is none.
    public var read: Region?

    /// Puts a picture of extent `size` on the middle of one of extent `input`.
    ///
    /// A half pixel goes where torchvision lets it: rounded to even where it is cut off, to the right where it is added.
    public init(centring size: Size, on input: Size) {
        func corner(_ new: Int, _ old: Int) -> Int {
            new > old ? -((new - old) / 2) : Int((Double(old - new) / 2).rounded(.toNearestOrEven))
        }
        region = Region(
            x: corner(size.width, input.width), y: corner(size.height, input.height),
            width: size.width, height: size.height)
        let shown = Size(width: min(size.width, input.width), height: min(size.height, input.height))
        if shown.area > 0 {
            read = Region(x: max(region.x, 0), y: max(region.y, 0), width: shown.width, height: shown.height)
        }
    }
}
