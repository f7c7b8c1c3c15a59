import CKernels
import Files
import KernelsAVX2

/// The operations on pictures. Each call chooses between the kernels for AVX2 and those for any processor.
///
/// Both give the same bits; tests set `wide` to compare them. A function takes whole pictures, so that the choice and
/// the call cost next to nothing.
enum PixelOperations {
    /// Whether this processor has AVX2.
    static var isWide: Bool { ckernels_has_avx2() }

    /// Mirrors a picture from left to right, in place.
    static func mirror(_ image: Image, scratch canvas: Canvas, wide: Bool = isWide) {
        canvas.withScratch(bytes: image.size.width + 16) { memory in
            let line = memory.assumingMemoryBound(to: UInt8.self)
            let (width, height) = (image.size.width, image.size.height * Image.channels)
            if wide {
                KernelsAVX2.Kernels.mirrorRows(image.plane(0), width: width, height: height, line: line)
            } else {
                Kernels.mirrorRows(image.plane(0), width: width, height: height, line: line)
            }
        }
    }

    /// `clamp(factor * x)` in place.
    static func brightness(_ image: Image, factor: Double, wide: Bool = isWide) {
        scale(image, factor: Float(factor), offset: 0, wide: wide)
    }

    /// `clamp(factor * x + (1 - factor) * m)` in place, with m the mean gray value of the picture.
    static func contrast(_ image: Image, factor: Double, wide: Bool = isWide) {
        guard image.size.area > 0 else { return }
        let (red, green, blue) = (image.plane(0), image.plane(1), image.plane(2))
        let sum =
            wide
            ? KernelsAVX2.Kernels.graySum(red, green, blue, count: image.size.area)
            : Kernels.graySum(red, green, blue, count: image.size.area)
        let mean = Float(Double(sum) / Double(image.size.area))
        scale(image, factor: Float(factor), offset: Float(1 - factor) * mean, wide: wide)
    }

    private static func scale(_ image: Image, factor: Float, offset: Float, wide: Bool) {
        let count = image.size.area * Image.channels
        if wide {
            KernelsAVX2.Kernels.scale(image.plane(0), count: count, factor: factor, offset: offset)
        } else {
            Kernels.scale(image.plane(0), count: count, factor: factor, offset: offset)
        }
    }

    /// `clamp(factor * x + (1 - factor) * gray)` in place, with the gray value of the same pixel.
    static func saturation(_ image: Image, factor: Double, wide: Bool = isWide) {
        let (red, green, blue, count) = (image.plane(0), image.plane(1), image.plane(2), image.size.area)
        let (kept, rest) = (Float(factor), Float(1 - factor))
        if wide {
            KernelsAVX2.Kernels.saturate(red, green, blue, count: count, factor: kept, rest: rest)
        } else {
            Kernels.saturate(red, green, blue, count: count, factor: kept, rest: rest)
        }
    }

    /// Shifts the hue by `shift` turns, -0.5...0.5, in place.
    static func hue(_ image: Image, shift: Double, wide: Bool = isWide) {
        let (red, green, blue, count) = (image.plane(0), image.plane(1), image.plane(2), image.size.area)
        if wide {
            KernelsAVX2.Kernels.turnHue(red, green, blue, count: count, shift: Float(shift))
        } else {
            Kernels.turnHue(red, green, blue, count: count, shift: Float(shift))
        }
    }

    /// Sets all three planes to the gray value, in place.
    static func grayscale(_ image: Image, wide: Bool = isWide) {
        let (red, green, blue, count) = (image.plane(0), image.plane(1), image.plane(2), image.size.area)
        if wide {
            KernelsAVX2.Kernels.grayscale(red, green, blue, count: count)
        } else {
            Kernels.grayscale(red, green, blue, count: count)
        }
    }

    /// `(x / 255 - mean) / std` of one plane, written to `target`.
    static func normalize(
        _ plane: UnsafePointer<UInt8>, count: Int, mean: Double, std: Double, to target: UnsafeMutablePointer<Float>,
        wide: Bool = isWide
    ) {
        let (factor, offset) = (Float(1 / (255 * std)), Float(-mean / std))
        if wide {
            KernelsAVX2.Kernels.normalize(plane, count: count, factor: factor, offset: offset, to: target)
        } else {
            Kernels.normalize(plane, count: count, factor: factor, offset: offset, to: target)
        }
    }

    /// Writes a picture as `[height, width, 3]` to `target`.
    static func interleave(_ image: Image, to target: UnsafeMutablePointer<UInt8>, wide: Bool = isWide) {
        let (red, green, blue, count) = (image.plane(0), image.plane(1), image.plane(2), image.size.area)
        if wide {
            KernelsAVX2.Kernels.interleave(red, green, blue, count: count, to: target)
        } else {
            Kernels.interleave(red, green, blue, count: count, to: target)
        }
    }

    /// Blurs with a Gaussian of standard deviation `sigma`, cut off at `radius` pixels, mirrored at the edges, in
    /// place.
    ///
    /// Taps whose weight rounds to 0 in 1/65536 are skipped. So are taps that would reach past a picture smaller than
    /// the kernel, which torchvision rejects.
    static func blur(
        _ image: Image, radius: Int, sigma: Double, scratch canvas: Canvas, wide: Bool = isWide
    ) {
        let (width, height) = (image.size.width, image.size.height)
        let longest = min(radius, width - 1, height - 1)
        guard longest > 0, sigma > 0 else { return }
        func weight(_ distance: Int) -> Double { exp(-Double(distance * distance) / (2 * sigma * sigma)) }
        let total = (1...longest).reduce(weight(0)) { $0 + 2 * weight($1) }
        var reach = longest
        while reach > 0 && weight(reach) / total * 65536 < 0.5 { reach -= 1 }
        guard reach > 0 else { return }
        let count = Kernels.blurWork(width: width, height: height, radius: reach)
        canvas.withScratch(bytes: (count + reach + 1) * 2) { memory in
            let weights = memory.assumingMemoryBound(to: UInt16.self)
            // The centre gets the rounding error, so that a picture of one colour stays as it is.
            var rest = 65536
            for tap in 1...reach {
                weights[tap] = UInt16(weight(tap) / total * 65536 + 0.5)
                rest -= 2 * Int(weights[tap])
            }
            weights[0] = UInt16(clamping: rest)
            let work = weights + reach + 1
            for channel in 0..<Image.channels {
                if wide {
                    KernelsAVX2.Kernels.blur(
                        image.plane(channel), width: width, height: height, radius: reach, weights: weights, work: work)
                } else {
                    Kernels.blur(
                        image.plane(channel), width: width, height: height, radius: reach, weights: weights, work: work)
                }
            }
        }
    }
}
