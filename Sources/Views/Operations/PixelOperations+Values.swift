import KernelsAVX2

extension PixelOperations {
    /// `x` becomes `255 - x` where it is `threshold` or more, in place.
    static func solarize(_ image: Image, threshold: UInt8, wide: Bool = isWide) {
        let count = image.size.area * Image.channels
        if wide {
            KernelsAVX2.Kernels.solarize(image.plane(0), count: count, threshold: threshold)
        } else {
            Kernels.solarize(image.plane(0), count: count, threshold: threshold)
        }
    }

    /// Keeps the top `bits` of every pixel value, in place.
    static func posterize(_ image: Image, bits: Int, wide: Bool = isWide) {
        let count = image.size.area * Image.channels
        let mask = ~UInt8(truncatingIfNeeded: 0xFF >> min(max(bits, 0), 8))
        if wide {
            KernelsAVX2.Kernels.mask(image.plane(0), count: count, mask: mask)
        } else {
            Kernels.mask(image.plane(0), count: count, mask: mask)
        }
    }

    /// Maps the pixel values of each channel, in place: `makeTable` gets a channel's histogram and fills the table of
    /// new values, or returns false to leave the channel as it is.
    ///
    /// Table look-ups gain nothing from wide vectors, so there is one kernel.
    static func mapValues(
        _ image: Image, scratch canvas: Canvas,
        makeTable: (_ counts: UnsafePointer<UInt32>, _ table: UnsafeMutablePointer<UInt8>) -> Bool
    ) {
        canvas.withScratch(bytes: 256 * 5) { memory in
            let counts = memory.assumingMemoryBound(to: UInt32.self)
            let table = (memory + 1024).assumingMemoryBound(to: UInt8.self)
            for channel in 0..<Image.channels {
                let plane = image.plane(channel)
                Kernels.histogram(plane, count: image.size.area, counts: counts)
                if makeTable(counts, table) {
                    Kernels.lookUp(plane, count: image.size.area, table: table)
                }
            }
        }
    }

    /// `clamp(factor * x + (1 - factor) * blurred)` from `source` to `target`, which have the same size of at least
    /// 3x3.
    static func sharpness(_ source: Image, factor: Double, to target: Image, wide: Bool = isWide) {
        let (width, height) = (source.size.width, source.size.height)
        for channel in 0..<Image.channels {
            if wide {
                KernelsAVX2.Kernels.sharpen(
                    source.plane(channel), width: width, height: height, rest: Float(1 - factor),
                    to: target.plane(channel))
            } else {
                Kernels.sharpen(
                    source.plane(channel), width: width, height: height, rest: Float(1 - factor),
                    to: target.plane(channel))
            }
        }
    }

    /// Fills `target` by an inverse affine transform of `source`, which has the same size; see `Kernels.warp` for the
    /// matrix, which is relative to the centre.
    static func warp(
        _ source: Image, matrix: [Double], linear: Bool, fill: Fill, to target: Image, scratch canvas: Canvas,
        wide: Bool = isWide
    ) {
        let (width, height) = (source.size.width, source.size.height)
        canvas.withScratch(bytes: 512) { memory in
            let work = memory.assumingMemoryBound(to: Int32.self)
            let entries = (memory + 256).assumingMemoryBound(to: Float.self)
            for index in 0..<6 { entries[index] = Float(matrix[index]) }
            let colour = (fill.values.x, fill.values.y, fill.values.z)
            if wide {
                KernelsAVX2.Kernels.warp(
                    source.plane(0), width: width, height: height, matrix: entries, linear: linear, fill: colour,
                    to: target.plane(0), work: work)
            } else {
                Kernels.warp(
                    source.plane(0), width: width, height: height, matrix: entries, linear: linear, fill: colour,
                    to: target.plane(0), work: work)
            }
        }
    }

    /// Copies the part of `source` that `target` covers if its corner is at (`x`, `y`) of the whole picture, and fills
    /// the rest of `target`.
    static func place(_ source: Image, x: Int, y: Int, fill: Fill, to target: Image) {
        let held = source.window
        let left = min(max(held.x - x, 0), target.size.width)
        let right = max(min(held.x + held.width - x, target.size.width), left)
        for channel in 0..<Image.channels {
            for row in 0..<target.size.height {
                let output = target.plane(channel) + row * target.size.width
                let from = y + row - held.y
                guard from >= 0, from < held.height, left < right else {
                    output.update(repeating: fill.values[channel], count: target.size.width)
                    continue
                }
                output.update(repeating: fill.values[channel], count: left)
                (output + left).update(
                    from: source.plane(channel) + from * held.width + (x + left - held.x), count: right - left)
                (output + right).update(repeating: fill.values[channel], count: target.size.width - right)
            }
        }
    }

    /// Sets the part of a region that lies in the picture to one colour, in place.
    static func erase(_ image: Image, region: Region, fill: Fill) {
        let region = region.clipped(to: image.size)
        for channel in 0..<Image.channels {
            for row in region.y..<region.y + region.height {
                (image.plane(channel) + row * image.size.width + region.x).update(
                    repeating: fill.values[channel], count: region.width)
            }
        }
    }
}
