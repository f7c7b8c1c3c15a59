/// The size of a picture in pixels.
public struct Size: Hashable, Codable, Sendable, CustomStringConvertible {
    /// The number of columns.
    public var width: Int
    /// The number of rows.
    public var height: Int

    /// A size from its sides; they may be zero only for an empty picture.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// A square.
    public init(square side: Int) {
        self.init(width: side, height: side)
    }

    /// The number of pixels, `width * height`.
    public var area: Int { width * height }

    /// The size after `factor` pixels along each side become one, rounded up.
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
    /// The number of columns.
    public var width: Int
    /// The number of rows.
    public var height: Int

    /// A region from its corner and its size.
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

    /// The size without the position.
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

    /// This region in coordinates relative to the corner of `origin`.
    public func relative(to origin: Region) -> Region {
        Region(x: x - origin.x, y: y - origin.y, width: width, height: height)
    }

    /// The nearest region, of at least one pixel, after `factor` pixels along each side have become one.
    func shrunk(by factor: Int) -> Region {
        guard factor > 1 else { return self }
        func near(_ edge: Int) -> Int { (edge + factor / 2) / factor }
        let (left, top) = (near(x), near(y))
        return Region(
            x: left, y: top, width: max(1, near(x + width) - left), height: max(1, near(y + height) - top))
    }

    /// The smallest region that covers this one after `factor` pixels along each side have become one.
    func cover(shrunkBy factor: Int) -> Region {
        let (left, top) = (x / factor, y / factor)
        let end = Size(width: x + width, height: y + height).shrunk(by: factor)
        return Region(x: left, y: top, width: end.width - left, height: end.height - top)
    }

    /// As in `120x80+16+32`, size first.
    public var description: String { "\(width)x\(height)+\(x)+\(y)" }
}
