import Foundation

@testable import Views

/// Pictures for tests, as files of every format.
enum Pictures {
    /// A smooth picture that depends on `seed`, unlike that of any other seed.
    static func picture(_ seed: Int, width: Int = 48, height: Int = 40) -> Image {
        var random = RandomStream(RandomKey(seed: UInt64(seed), epoch: 0, sample: 0, purpose: .trunk))
        let waves = (0..<18).map { _ in (random.unit() * 4, random.unit() * 4, random.unit() * 6) }
        let image = Image()
        image.reshape(to: Size(width: width, height: height))
        for channel in 0..<Image.channels {
            for y in 0..<height {
                for x in 0..<width {
                    let level = waves[channel * 6..<channel * 6 + 6].reduce(0.0) { sum, wave in
                        sum
                            + sin(
                                wave.0 * Double(x) / Double(width) * 3 + wave.1 * Double(y) / Double(height) * 3
                                    + wave.2)
                    }
                    image.plane(channel)[y * width + x] = UInt8(min(max(128 + level * 25, 0), 255))
                }
            }
        }
        return image
    }

    static func png(_ image: Image) throws -> Data { Data(try PNGWriter.encode(image)) }

    static func ppm(_ image: Image) -> Data { Data(PPM.opening(image.size) + image.interleaved()) }
}
