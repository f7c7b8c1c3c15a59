import Testing

@testable import Views

/// The kernels for AVX2 and those for any processor give the same bits; without AVX2 there is nothing to compare.
@Suite(.enabled(if: PixelOperations.isWide, "this processor has no AVX2"))
struct ProcessorTests {
    /// Widths and heights around the vectors' sixteen pixels.
    static let sizes = [(1, 1), (15, 3), (16, 16), (17, 5), (31, 33), (64, 48), (101, 67)].map {
        Size(width: $0.0, height: $0.1)
    }

    static func noise(_ size: Size, seed: UInt64 = 1) -> Image {
        var random = RandomStream(RandomKey(seed: seed, epoch: 0, sample: size.area, purpose: .trunk))
        let levels = (0..<size.area * 3).map { _ -> UInt8 in
            let draw = random.integer(below: 320)
            return UInt8(draw < 256 ? draw : draw % 2 * 255)
        }
        return Image(size: size, interleaved: levels)
    }

    private func expectSame(_ size: Size, _ body: (Image, _ wide: Bool) -> Void) {
        let (narrow, wide) = (Self.noise(size), Self.noise(size))
        let before = narrow.interleaved()
        body(narrow, false)
        body(wide, true)
        #expect(narrow.interleaved() == wide.interleaved())
        if size.area > 1 { #expect(narrow.interleaved() != before) }
    }

    @Test(arguments: sizes, [0.0, 0.3, 0.77, 1.41, 6.5])
    func colour(_ size: Size, factor: Double) {
        expectSame(size) { PixelOperations.brightness($0, factor: factor, wide: $1) }
        expectSame(size) { PixelOperations.contrast($0, factor: factor, wide: $1) }
        expectSame(size) { PixelOperations.saturation($0, factor: factor, wide: $1) }
        expectSame(size) { PixelOperations.grayscale($0, wide: $1) }
    }

    @Test(arguments: sizes, [-0.5, -0.21, 0.03, 0.1, 0.4])
    func hue(_ size: Size, shift: Double) {
        expectSame(size) { PixelOperations.hue($0, shift: shift, wide: $1) }
    }

    @Test(arguments: sizes.filter { $0.height > 1 }, [(1, 0.8), (4, 1.1), (11, 1.9), (11, 7), (30, 20)])
    func blur(_ size: Size, kernel: (radius: Int, sigma: Double)) {
        let canvas = Canvas()
        expectSame(size) {
            PixelOperations.blur($0, radius: kernel.radius, sigma: kernel.sigma, scratch: canvas, wide: $1)
        }
    }

    @Test(arguments: sizes.filter { $0.width > 1 })
    func mirror(_ size: Size) {
        let canvas = Canvas()
        expectSame(size) { PixelOperations.mirror($0, scratch: canvas, wide: $1) }
    }

    @Test(arguments: sizes.filter { $0.area > 1 })
    func levels(_ size: Size) {
        expectSame(size) { PixelOperations.solarize($0, threshold: 100, wide: $1) }
        expectSame(size) { PixelOperations.posterize($0, bits: 3, wide: $1) }
    }

    @Test(arguments: sizes.filter { $0.height > 2 })
    func sharpness(_ size: Size) {
        expectSame(size) { image, wide in
            let source = Self.noise(size)
            PixelOperations.sharpness(source, factor: 2.3, to: image, wide: wide)
        }
    }

    @Test(arguments: sizes.filter { $0.area > 1 }, [true, false])
    func warp(_ size: Size, linear: Bool) {
        let canvas = Canvas()
        let matrix = inverseAffine(angle: 23.4, translate: (1, -2), scale: 0.83, shear: (4, 9))
        expectSame(size) { image, wide in
            PixelOperations.warp(
                Self.noise(size), matrix: matrix, linear: linear, fill: Fill(9), to: image, scratch: canvas, wide: wide)
        }
    }

    @Test(arguments: sizes.filter { $0.area > 1 }, [true, false])
    func perspectiveAndElastic(_ size: Size, linear: Bool) {
        let canvas = Canvas()
        expectSame(size) { image, wide in
            PixelOperations.perspective(
                Self.noise(size), coefficients: [1.1, 0.2, -0.7, 0.1, 0.9, 0.3, 0.002, -0.004], linear: linear,
                fill: Fill(9), to: image, scratch: canvas, wide: wide)
        }
        for smoothness in [0, 0.4, 2.5] {
            expectSame(size) { image, wide in
                PixelOperations.elastic(
                    Self.noise(size), strength: (60, 90), smoothness: smoothness, key: NoiseKey(first: 3, second: 4),
                    linear: linear, fill: Fill(9), to: image, scratch: canvas, wide: wide)
            }
        }
    }

    @Test(arguments: sizes)
    func noise(_ size: Size) {
        let canvas = Canvas()
        let key = NoiseKey(first: 1, second: 2)
        expectSame(size) {
            PixelOperations.addNoise($0, mean: 3, std: 40, key: key, scratch: canvas, wide: $1)
        }
        expectSame(size) { PixelOperations.eraseWithNoise($0, region: Region(size), key: key, wide: $1) }
    }

    @Test(arguments: sizes, sizes)
    func resample(_ from: Size, to: Size) {
        let canvas = Canvas()
        let source = Self.noise(from)
        for interpolation in [Interpolation.bilinear, .bicubic] {
            let results = [false, true].map { wide in
                let target = Image()
                target.reshape(to: to)
                PixelOperations.resample(
                    source, region: Region(from), to: target, interpolation: interpolation, scratch: canvas, wide: wide)
                return target.interleaved()
            }
            #expect(results[0] == results[1])
        }
    }

    @Test(arguments: sizes)
    func normalize(_ size: Size) {
        let source = Self.noise(size)
        let results = [false, true].map { wide in
            [Float](unsafeUninitializedCapacity: size.area) { target, count in
                PixelOperations.normalize(
                    source.plane(1), count: size.area, mean: 0.456, std: 0.224,
                    to: target.baseAddress.unsafelyUnwrapped, wide: wide)
                count = size.area
            }
        }
        #expect(results[0] == results[1])
    }
}
