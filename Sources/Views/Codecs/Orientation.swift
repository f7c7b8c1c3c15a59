/// The orientation of stored pixels, from EXIF's tag 0x0112. Each case names the operation that gives the picture.
public enum Orientation: Int, Codable, Sendable, CaseIterable {
    /// As stored.
    case up = 1
    /// Mirrored from left to right.
    case mirrored
    /// Rotated by 180 degrees.
    case rotated180
    /// Mirrored from top to bottom.
    case flipped
    /// Transposed: rows become columns.
    case transposed
    /// Rotated clockwise by 90 degrees.
    case rotated90
    /// Transposed, then rotated by 180 degrees.
    case transversed
    /// Rotated counter-clockwise by 90 degrees.
    case rotated270

    /// Whether rows become columns.
    public var swapsAxes: Bool { rawValue >= 5 }

    /// The size of the picture for a stored size.
    public func apply(to stored: Size) -> Size {
        swapsAxes ? Size(width: stored.height, height: stored.width) : stored
    }

    /// Whether the first stored column, or row, comes last.
    private var reverses: (columns: Bool, rows: Bool) {
        switch self {
        case .up, .transposed: (false, false)
        case .mirrored, .rotated270: (true, false)
        case .rotated180, .transversed: (true, true)
        case .flipped, .rotated90: (false, true)
        }
    }

    /// The region of the stored pixels for a region of the picture.
    func stored(_ region: Region, of stored: Size) -> Region {
        var part = region
        if swapsAxes { part = Region(x: region.y, y: region.x, width: region.height, height: region.width) }
        if reverses.columns { part.x = stored.width - part.x - part.width }
        if reverses.rows { part.y = stored.height - part.y - part.height }
        return part
    }

    /// Writes stored pixels, `[height, width]`, in the orientation of the picture.
    func apply(to source: UnsafePointer<UInt8>, of size: Size, writing target: UnsafeMutablePointer<UInt8>) {
        let column = reverses.columns ? -1 : 1
        let row = reverses.rows ? -size.width : size.width
        let start = (reverses.columns ? size.width - 1 : 0) + (reverses.rows ? (size.height - 1) * size.width : 0)
        let turned = apply(to: size)
        Kernels.turn(
            source + start, column: swapsAxes ? row : column, row: swapsAxes ? column : row, to: target,
            width: turned.width, height: turned.height)
    }

    /// Reads the orientation from the TIFF structure of EXIF; `up` if there is none, or an invalid one.
    init(tiff data: UnsafeRawBufferPointer) {
        self = Orientation.value(tiff: data).flatMap(Orientation.init) ?? .up
    }

    private static func value(tiff data: UnsafeRawBufferPointer) -> Int? {
        guard data.count >= 8 else { return nil }
        let isLittle = data[0] == UInt8(ascii: "I")
        guard data[0] == data[1], isLittle || data[0] == UInt8(ascii: "M") else { return nil }
        func short(_ offset: Int) -> Int? { data.big16(offset).map { isLittle ? $0 >> 8 | ($0 & 0xFF) << 8 : $0 } }
        func long(_ offset: Int) -> Int? {
            guard let first = short(offset), let second = short(offset + 2) else { return nil }
            return isLittle ? second << 16 | first : first << 16 | second
        }
        guard short(2) == 42, let directory = long(4), let entries = short(directory) else { return nil }
        for entry in 0..<entries {
            let start = directory + 2 + 12 * entry
            guard let tag = short(start) else { return nil }
            // One SHORT, which is stored in the entry itself.
            if tag == 0x0112 { return short(start + 2) == 3 ? short(start + 8) : nil }
        }
        return nil
    }
}
