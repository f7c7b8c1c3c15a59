extension Kernels {
    /// Writes `target[y][x] = source[x * column + y * row]`: a mirror image, a rotation or a transposition of one
    /// plane.
    ///
    /// In tiles, because a transposition that walks whole columns would touch a new cache line at every pixel.
    static func turn(
        _ source: UnsafePointer<UInt8>, column: Int, row: Int, to target: UnsafeMutablePointer<UInt8>, width: Int,
        height: Int
    ) {
        let tile = 32
        for top in stride(from: 0, to: height, by: tile) {
            for left in stride(from: 0, to: width, by: tile) {
                let right = min(left + tile, width)
                for y in top..<min(top + tile, height) {
                    var pixel = source + (left * column + y * row)
                    let line = target + y * width
                    for x in left..<right {
                        line[x] = pixel.pointee
                        pixel += column
                    }
                }
            }
        }
    }
}
