/// How far the crops of an image's views overlap: an option of the graph, off by default.
///
/// ```yaml
/// views:
///   overlap: {iou: [0.2, 0.8]}
///   branches:
///     - {count: 2, size: 224, steps: [resized_crop, horizontal_flip]}
/// ```
/// The first view draws its crop as usual. Every other view draws crops until the intersection over union with the
/// first view's crop lies in `iou`. So the crops keep their distribution, conditioned on the overlap. After 100 tries,
/// the crop is a part of the first view's crop, whose area may be below the crop's `scale`. `iou: [1, 1]` gives all
/// views the crop of the first, also if their sizes differ. In pictures of a few pixels, the overlap is as close to
/// `iou` as possible.
public struct CropOverlap: Component {
    /// Its name in pipeline files.
    public static let name = "overlap"
    /// Bounds of the intersection over the union, 0...1.
    public var iou = Interval(0.2, 0.8)
    /// The names of the branches whose views are tied; all if nil. Each must begin with `resized_crop`.
    public var branches: [String]?

    static let tries = 100

    /// Crops that overlap in part.
    public init() {}

    /// Throws `InvalidSetting` for bounds that are out of range or out of order.
    public func validate() throws(InvalidSetting) {
        try require("iou", iou, in: 0...1)
    }

    /// Draws a crop that overlaps the first view's by `iou`; `random` is the stream of the view's own crop, from its
    /// start.
    func region(
        of crop: ResizedCrop, first: Region, from random: inout RandomStream, input: Size, target: Size
    ) -> Region {
        if iou.lower >= 1 { return first }
        for _ in 0..<Self.tries {
            guard let region = crop.sample(from: &random, input: input, target: target)?.region else { break }
            let overlap = region.intersectionOverUnion(first)
            if iou.lower <= overlap && overlap <= iou.upper { return region }
        }
        return part(of: first, from: &random)
    }

    /// A part of `region` with about its shape and a share of its area that is uniform in `iou`; uses four draws.
    private func part(of region: Region, from random: inout RandomStream) -> Region {
        let share = random.uniform(in: iou)
        let width = min(max(Int((Double(region.width) * share.squareRoot()).rounded()), 1), region.width)
        let exact = Double(region.size.area) * share / Double(max(1, width))
        let height = min(max(Int(exact.rounded()), 1), region.height)
        let x = random.integer(below: region.width - width + 1)
        let y = random.integer(below: region.height - height + 1)
        return Region(x: region.x + x, y: region.y + y, width: width, height: height)
    }
}

extension Region {
    /// The number of pixels in both regions over that in either; 0 where both are empty.
    func intersectionOverUnion(_ other: Region) -> Double {
        let across = max(0, min(x + width, other.x + other.width) - max(x, other.x))
        let down = max(0, min(y + height, other.y + other.height) - max(y, other.y))
        let both = across * down
        return Double(both) / Double(max(1, size.area + other.size.area - both))
    }
}
