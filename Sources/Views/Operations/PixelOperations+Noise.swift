import Files
import KernelsAVX2

/// The key of random noise: the same key gives the same noise for any picture of the same size.
public struct NoiseKey: Codable, Hashable, Sendable {
    /// The first half.
    public var first: UInt32
    /// The second half.
    public var second: UInt32

    /// A key from its halves.
    public init(first: UInt32, second: UInt32) {
        self.first = first
        self.second = second
    }

    /// Draws a key; uses two draws.
    init(from random: inout RandomStream) {
        self.init(first: random.next(), second: random.next())
    }
}

extension PixelOperations {
    /// Fills the part of a region that lies in the picture with values uniform in 0...255, in place. The noise is
    /// indexed by the position in the region, channel by channel and row by row.
    static func eraseWithNoise(_ image: Image, region: Region, key: NoiseKey, wide: Bool = isWide) {
        let part = region.clipped(to: image.size)
        guard part.width > 0 else { return }
        for channel in 0..<Image.channels {
            for row in 0..<part.height {
                let target = image.plane(channel) + (part.y + row) * image.size.width + part.x
                let first = UInt32(truncatingIfNeeded: (channel * part.height + row) * part.width)
                if wide {
                    KernelsAVX2.Kernels.noise(
                        to: target, count: part.width, first: first, key: key.first, other: key.second)
                } else {
                    Kernels.noise(to: target, count: part.width, first: first, key: key.first, other: key.second)
                }
            }
        }
    }

    /// Adds normal noise with this mean and standard deviation in pixel values, truncated and clamped, in place.
    static func addNoise(
        _ image: Image, mean: Double, std: Double, key: NoiseKey, scratch canvas: Canvas, wide: Bool = isWide
    ) {
        canvas.withScratch(bytes: 64) { memory in
            let work = memory.assumingMemoryBound(to: UInt32.self)
            let count = image.size.area * Image.channels
            let (offset, scale) = (Float(mean), Float(std))
            normalTable.withUnsafeBufferPointer { table in
                // Not nil: the table is not empty.
                let table = table.baseAddress.unsafelyUnwrapped
                if wide {
                    KernelsAVX2.Kernels.addNoise(
                        image.plane(0), count: count, offset: offset, std: scale, key: key.first,
                        other: key.second, table: table, work: work)
                } else {
                    Kernels.addNoise(
                        image.plane(0), count: count, offset: offset, std: scale, key: key.first,
                        other: key.second, table: table, work: work)
                }
            }
        }
    }

    /// The normal distribution's quantiles at (i + 1/2) / 1024, scaled so that the sum of two draws has standard
    /// deviation 1. Such a sum has half a million values, up to 4.6 standard deviations from 0.
    static let normalTable: [Float] = {
        let count = 1024
        var quantiles = [Double](repeating: 0, count: count)
        var guess = 0.0
        for index in count / 2..<count {
            // Newton's method on the upper tail, starting from the previous quantile, which is close.
            let tail = 1 - (Double(index) + 0.5) / Double(count)
            for _ in 0..<50 {
                let density = exp(-guess * guess / 2) / (2 * Double.pi).squareRoot()
                guess += (erfc(guess / 2.0.squareRoot()) / 2 - tail) / density
            }
            quantiles[index] = guess
            quantiles[count - 1 - index] = -guess
        }
        let variance = quantiles.reduce(0) { $0 + $1 * $1 } / Double(count)
        return quantiles.map { Float($0 / (2 * variance).squareRoot()) }
    }()
}
