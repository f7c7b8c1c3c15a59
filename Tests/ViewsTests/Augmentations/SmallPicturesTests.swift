import Testing

@testable import Views

/// Data holds pictures of one pixel, one row or one column; no augmentation may trap on them or lose the extent.
@Suite struct SmallPicturesTests {
    static let sizes = [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (2, 40), (40, 3)].map {
        Size(width: $0.0, height: $0.1)
    }

    @Test(arguments: augmentationTypes.map { $0.name }, sizes)
    func everyAugmentationTakesThem(_ name: String, _ size: Size) throws {
        let type = try #require(augmentationTypes.first { $0.name == name })
        for target in [Size(square: 1), Size(width: 20, height: 7), Size(square: 48)] {
            run(type.init(), on: size, target: target)
        }
    }

    private func run<A: Augmentation>(_ augmentation: A, on size: Size, target: Size) {
        let source = ProcessorTests.noise(size)
        let canvas = Canvas()
        for sample in 0..<8 {
            var random = RandomStream(RandomKey(seed: 5, epoch: 0, sample: sample, purpose: .trunk))
            guard let parameters = augmentation.sample(from: &random, input: size, target: target) else { continue }
            if let window = augmentation.window(parameters) { #expect(Region(size).contains(window)) }
            canvas.load(source)
            augmentation.apply(parameters, to: canvas)
            if case .fixed(let expected) = try? augmentation.shape(of: .fixed(size), target: target) {
                #expect(canvas.size == expected)
            }
        }
    }

    /// torchvision rejects a kernel that reaches past the picture; here it is cut, and a plain picture stays plain.
    @Test(arguments: sizes)
    func blurIsCutToThePicture(_ size: Size) {
        for level in [UInt8(0), 1, 128, 255] {
            let image = Image(size: size, interleaved: [UInt8](repeating: level, count: size.area * 3))
            PixelOperations.blur(image, radius: 11, sigma: 3, scratch: Canvas())
            #expect(image.interleaved().allSatisfy { $0 == level })
        }
    }

    /// Weights are rounded, so their sum could miss one: a plain picture shows it.
    @Test(arguments: 1...40)
    func plainPicturesStayPlain(_ side: Int) {
        let source = Image(size: Size(square: 37), interleaved: [UInt8](repeating: 255, count: 37 * 37 * 3))
        let target = Image()
        target.reshape(to: Size(square: side))
        for interpolation in [Interpolation.bilinear, .bicubic] {
            PixelOperations.resample(
                source, region: Region(source.size), to: target, interpolation: interpolation, scratch: Canvas())
            #expect(target.interleaved().allSatisfy { $0 == 255 })
        }
    }
}
