import Files

/// What a picture looks like in 64 bits: pictures that people would call the same differ in few of them, whatever their
/// size, format, compression and brightness.
///
/// The picture is resampled to 32 by 32, of whose luma's cosine transform (DCT-II) the 8 by 8 lowest frequencies, but for the
/// mean, say by their sign against their median what the bits are (Zauner 2010, "Implementation and benchmarking of
/// perceptual image hash functions", section 3.2; that takes frequencies 1...8, here 0...7 so that gradients count).
/// Drawings of few edges share hashes by chance, so the colours of 8 by 8 cells are kept to be compared as well.
///
/// Keeps its memory from one picture to the next. One owner; not shared between threads.
final class PerceptualHash {
    /// What is kept of a picture.
    struct Likeness: Sendable {
        var bits: UInt64
        /// The means of 8 by 8 cells, plane by plane.
        var cells: [UInt8]

        /// The correlation of the cells' colours, each plane's mean taken away: 1 for pictures that are alike but for
        /// brightness and contrast, near 0 for others. Planes that are even count as 0.
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
        cosines = (0..<PerceptualHash.kept * PerceptualHash.side).map { place in
            let (frequency, position) = (place / PerceptualHash.side, place % PerceptualHash.side)
            return Float(cos(.pi / Double(PerceptualHash.side) * (Double(position) + 0.5) * Double(frequency)))
        }
    }

    /// What is kept of a picture; nil where it is so even that its bits would be noise, standard deviation below 2 levels.
    func likeness(of image: Image) -> Likeness? {
        let (side, kept) = (PerceptualHash.side, PerceptualHash.kept)
        small.reshape(to: Size(width: side, height: side))
        PixelOperations.resample(
            image, region: Region(image.size), to: small, interpolation: .bilinear, scratch: canvas)
        let (red, green, blue) = (small.plane(0), small.plane(1), small.plane(2))
        // ITU-R BT.601.
        let levels = (0..<side * side).map {
            0.299 * Float(red[$0]) + 0.587 * Float(green[$0]) + 0.114 * Float(blue[$0])
        }
        let mean = levels.reduce(0, +) / Float(levels.count)
        let variance = levels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(levels.count)
        guard variance >= 4 else { return nil }
        let frequencies = transform(levels)
        // The mean says nothing; the median of the 63 others parts them as evenly as it can.
        let median = frequencies.dropFirst().sorted()[(kept * kept - 1) / 2]
        var bits: UInt64 = 0
        for (place, value) in frequencies.enumerated() where place > 0 && value > median { bits |= 1 << UInt64(place) }
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

    /// The lowest frequencies, row by row.
    private func transform(_ levels: [Float]) -> [Float] {
        let (side, kept) = (PerceptualHash.side, PerceptualHash.kept)
        var half = [Float](repeating: 0, count: side * kept)
        for row in 0..<side {
            for frequency in 0..<kept {
                var sum: Float = 0
                for column in 0..<side { sum += levels[row * side + column] * cosines[frequency * side + column] }
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
