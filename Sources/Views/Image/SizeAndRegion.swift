/// The extent of a picture in pixels.
public struct Size: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// Makes a size; either side may be zero only for an empty picture.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Makes a square.
    public init(square side: Int) {
        self.init(width: side, height: side)
    }

    /// Number of pixels, `width * height`.
    public var area: Int { width * height }

    /// The extent where `factor` pixels along each side become one; what is left over gives one more.
    func shrunk(by factor: Int) -> Size {
        Size(width: (width + factor - 1) / factor, height: (height + factor - 1) / factor)
    }

    /// As in `500x375`, width first.
    public var description: String { "\(width)x\(height)" }
}

/// A rectangle of whole pixels, its origin at the top left.
public struct Region: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Leftmost column.
    public var x: Int
    /// Topmost row.
    public var y: Int
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// Makes a region from its corner and its extent.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The region that covers a picture of this size.
    public init(_ size: Size) {
        self.init(x: 0, y: 0, width: size.width, height: size.height)
    }

    /// The extent without the place.
    public var size: Size { Size(width: width, height: height) }

    /// Whether every pixel of `other` lies in this region.
    public func contains(_ other: Region) -> Bool {
        x <= other.x && y <= other.y && other.x + other.width <= x + width && other.y + other.height <= y + height
    }

    /// The smallest region that contains both.
    public func union(_ other: Region) -> Region {
        let left = min(x, other.x)
        let top = min(y, other.y)
        return Region(
            x: left, y: top,
            width: max(x + width, other.x + other.width) - left,
            height: max(y + height, other.y + other.height) - top)
    }

    /// This region in the coordinates of a picture whose corner is at `origin`'s corner.
    public func relative(to origin: Region) -> Region {
        Region(x: x - origin.x, y: y - origin.y, width: width, height: height)
    }

    /// The nearest region, of a pixel at least, where `factor` pixels along each side have become one.
    func shrunk(by factor: Int) -> Region {
        guard factor > 1 else { return self }
        func near(_ edge: Int) -> Int { (edge + factor / 2) / factor }
        let (left, top) = (near(x), near(y))
        return Region(
            x: left, y: top, width: max(1, near(x + width) - left), height: max(1, near(y + height) - top))
    }

    /// The smallest region that covers this one where `factor` pixels along each side have become one.
    func cover(shrunkBy factor: Int) -> Region {
        let (left, top) = (x / factor, y / factor)
        let end = Size(width: x + width, height: y + height).shrunk(by: factor)
        return Region(x: left, y: top, width: end.width - left, height: end.height - top)
    }

    /// As in `120x80+16+32`, extent first.
    public var description: String { "\(width)x\(height)+\(x)+\(y)" }
}
