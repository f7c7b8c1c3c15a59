/// Crops the centre of the picture to the branch's size and pads smaller pictures with black: torchvision's
/// `CenterCrop`.
public struct CenterCrop: Augmentation {
    /// Its name in pipeline files.
    public static let name = "center_crop"

    /// The step has no settings.
    public init() {}

    /// The branch's size.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape { .fixed(target) }

    /// Uses no random draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Placement? {
        Placement(centring: target, on: input)
    }

    /// The part that is kept.
    public func window(_ parameters: Placement) -> Region? { parameters.read }

    /// Copies the crop to a new picture.
    public func apply(_ parameters: Placement, to canvas: Canvas) {
        canvas.replace(size: parameters.region.size) { source, target in
            PixelOperations.place(source, x: parameters.region.x, y: parameters.region.y, fill: Fill(), to: target)
        }
    }
}

/// The position of a new picture on an old one; neither needs to contain the other.
public struct Placement: Codable, Equatable, Sendable {
    /// The new picture's region in the old one's coordinates, which may be negative.
    public var region: Region
    /// The part of the old picture that is in the new one; nil if there is none.
    public var read: Region?

    /// Centres a picture of size `size` on one of size `input`.
    ///
    /// Half pixels are rounded as in torchvision: to even for a crop, to the right for padding.
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
