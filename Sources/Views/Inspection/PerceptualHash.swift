import Files

/// A hash of 64 bits of a picture's appearance. Pictures that look the same differ in few bits, also if their size,
/// format, compression or brightness differ.
///
/// The picture is resampled to 32 by 32. The bits are the 8 by 8 lowest frequencies of the cosine transform (DCT-II) of
/// its luma, without the mean: 1 above their median (Zauner 2010, "Implementation and benchmarking of perceptual image
/// hash functions", section 3.2; frequencies 1...8 there, 0...7 here, so that gradients count). Drawings with few edges
/// have equal hashes by chance, so the colours of 8 by 8 cells are compared too.
///
/// It reuses its memory from one picture to the next. It is not shared between threads.
final class PerceptualHash {
    /// The hash and colours of a picture.
    struct Likeness: Sendable {
        var bits: UInt64
        /// The means of 8 by 8 cells, plane by plane.
        var cells: [UInt8]

        /// The correlation of the cells' colours after the mean of each plane is subtracted: 1 for pictures that differ
        /// only in brightness and contrast, near 0 for others. Planes of one value count as 0.
        func correlation(with other: Likeness) -> Double {
            var (product, own, others) = (0.0, 0.0, 0.0)
            let area = cells.count / Image.channels
            for channel in 0..<Image.channels {
                let (first, second) = (
                    cells[channel * area..<(channel + 1) * area], other.cells[channel * area..<(channel + 1) * area]
                )
                let firstMean = Double(first.reduce(0) { $0 + Int($1) }) / Double(area)
                let secondMean = Double(second.reduce(0) { $0 + Int($1) }) / Double(area)
                for (a, b) in zip(first, second) {
                    let (x, y) = (Double(a) - firstMean, Double(b) - secondMean)
                    product += x * y
                    own += x * x
                    others += y * y
                }
            }
            return own > 0 && others > 0 ? product / (own * others).squareRoot() : 0
        }
    }

    private static let side = 32
    private static let kept = 8

    private let cosines: [Float]
    private let small = Image()
    private let canvas = Canvas()

    init() {
        cosines = (0..<PerceptualHash.kept * PerceptualHash.side).map { index in
            let (frequency, position) = (index / PerceptualHash.side, index % PerceptualHash.side)
            return Float(cos(.pi / Double(PerceptualHash.side) * (Double(position) + 0.5) * Double(frequency)))
        }
    }

    /// The hash and colours of a picture; nil if its standard deviation is below 2, so that the bits would be noise.
    func likeness(of image: Image) -> Likeness? {
        let (side, kept) = (PerceptualHash.side, PerceptualHash.kept)
        small.reshape(to: Size(width: side, height: side))
        PixelOperations.resample(
            image, region: Region(image.size), to: small, interpolation: .bilinear, scratch: canvas)
        let (red, green, blue) = (small.plane(0), small.plane(1), small.plane(2))
        // ITU-R BT.601.
        let luma = (0..<side * side).map {
            0.299 * Float(red[$0]) + 0.587 * Float(green[$0]) + 0.114 * Float(blue[$0])
        }
        let mean = luma.reduce(0, +) / Float(luma.count)
        let variance = luma.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(luma.count)
        guard variance >= 4 else { return nil }
        let frequencies = transform(luma)
        // The mean is no feature; the median of the other 63 splits them evenly.
        let median = frequencies.dropFirst().sorted()[(kept * kept - 1) / 2]
        var bits: UInt64 = 0
        for (index, value) in frequencies.enumerated() where index > 0 && value > median { bits |= 1 << UInt64(index) }
        return Likeness(bits: bits, cells: cells())
    }

    /// The means of 4 by 4 pixels of the small picture.
    private func cells() -> [UInt8] {
        let (side, kept) = (PerceptualHash.side, PerceptualHash.kept)
        let step = side / kept
        return (0..<Image.channels * kept * kept).map { cell in
            let plane = small.plane(cell / (kept * kept))
            let start = cell / kept % kept * step * side + cell % kept * step
            var sum = 0
            for y in 0..<step {
                for x in 0..<step { sum += Int(plane[start + y * side + x]) }
            }
            return UInt8((sum + step * step / 2) / (step * step))
        }
    }

    /// The lowest frequencies of the cosine transform, row by row.
    private func transform(_ luma: [Float]) -> [Float] {
        let (side, kept) = (PerceptualHash.side, PerceptualHash.kept)
        var half = [Float](repeating: 0, count: side * kept)
        for row in 0..<side {
            for frequency in 0..<kept {
                var sum: Float = 0
                for column in 0..<side { sum += luma[row * side + column] * cosines[frequency * side + column] }
                half[row * kept + frequency] = sum
            }
        }
        var result = [Float](repeating: 0, count: kept * kept)
        for vertical in 0..<kept {
            for horizontal in 0..<kept {
                var sum: Float = 0
                for row in 0..<side { sum += half[row * kept + horizontal] * cosines[vertical * side + row] }
                result[vertical * kept + horizontal] = sum
            }
        }
        return result
    }
}
