/// Affine resampling of one plane, with torchvision's grid in single precision.
extension Kernels {
    /// The source coordinate of an output pixel, by way of torch's grid, which runs from -1 to 1 over `length` pixels.
    @inline(__always)
    private static func coordinate(
        _ x: Float, _ y: Float, _ a: Float, _ b: Float, _ c: Float, _ length: Float
    ) -> Float {
        let half = length * 0.5
        let grid = x * (a / half) + y * (b / half) + c / half
        let place = ((grid + 1) * length - 1) * 0.5
        // Anything far outside is as good as anything else far outside, and fits the integers.
        return place < -1000 ? -1000 : place > length + 1000 ? length + 1000 : place
    }

    /// Fills `target` with the pixels of `source` that an inverse transform finds, both `width` x `height`.
    ///
    /// With x and y counted from the centre, the pixel at (x, y) comes from (a x + b y + c, d x + e y + f), where
    /// `matrix` is (a, b, c, d, e, f); what comes from outside is `fill`. Without `linear` it is the nearest pixel, ties to
    /// even, else the four around it are weighed, and what lies outside counts as torchvision counts it:
    /// (sum - fill) * inside + fill, with `inside` the weight of the pixels inside.
    package static func warp(
        _ source: UnsafePointer<UInt8>, width: Int, height: Int, matrix: UnsafePointer<Float>, linear: Bool,
        fill: UInt8,
        to target: UnsafeMutablePointer<UInt8>
    ) {
        let (columns, rows) = (Float(width), Float(height))
        for row in 0..<height {
            let y = Float(row) - (rows - 1) * 0.5
            let output = target + row * width
            for column in 0..<width {
                let x = Float(column) - (columns - 1) * 0.5
                let u = coordinate(x, y, matrix[0], matrix[1], matrix[2], columns)
                let v = coordinate(x, y, matrix[3], matrix[4], matrix[5], rows)
                if linear {
                    output[column] = blend(source, width, height, u, v, fill)
                } else {
                    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, ties to even.
                    let i = Int((u + 12_582_912) - 12_582_912)
                    let j = Int((v + 12_582_912) - 12_582_912)
                    let inside = i >= 0 && i < width && j >= 0 && j < height
                    output[column] = inside ? source[j * width + i] : fill
                }
            }
        }
    }

    @inline(__always)
    private static func blend(
        _ source: UnsafePointer<UInt8>, _ width: Int, _ height: Int, _ u: Float, _ v: Float, _ fill: UInt8
    ) -> UInt8 {
        // Shifted by 1024, what is in reach is positive, where truncation is the floor.
        let i = Int(u + 1024) - 1024
        let j = Int(v + 1024) - 1024
        let right = u - Float(i)
        let below = v - Float(j)
        var sum: Float = 0
        var inside: Float = 0
        if j >= 0 && j < height {
            if i >= 0 && i < width {
                let weight = (1 - right) * (1 - below)
                sum += weight * Float(source[j * width + i])
                inside += weight
            }
            if i + 1 >= 0 && i + 1 < width {
                let weight = right * (1 - below)
                sum += weight * Float(source[j * width + i + 1])
                inside += weight
            }
        }
        if j + 1 >= 0 && j + 1 < height {
            if i >= 0 && i < width {
                let weight = (1 - right) * below
                sum += weight * Float(source[(j + 1) * width + i])
                inside += weight
            }
            if i + 1 >= 0 && i + 1 < width {
                let weight = right * below
                sum += weight * Float(source[(j + 1) * width + i + 1])
                inside += weight
            }
        }
        let outside = Float(fill)
        let value = (sum - outside) * inside + outside
        return UInt8(truncatingIfNeeded: Int((value + 12_582_912) - 12_582_912))
    }
}
