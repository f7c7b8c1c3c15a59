import Testing

@testable import Views

/// A step that names its window gives the same pixels from a picture of which only that part was decoded.
@Suite struct WindowTests {
    private func part(_ region: Region, of whole: Image) -> Image {
        let image = Image()
        image.reshape(toHold: region, of: whole.size)
        for channel in 0..<Image.channels {
            for y in 0..<region.height {
                for x in 0..<region.width {
                    image.plane(channel)[y * region.width + x] =
                        whole.plane(channel)[(region.y + y) * whole.size.width + region.x + x]
                }
            }
        }
        return image
    }

    private func check<A: Augmentation>(_ augmentation: A, target: Size, sample: Int) throws {
        let whole = ProcessorTests.noise(Size(width: 101, height: 67))
        var random = RandomStream(RandomKey(seed: 3, epoch: 0, sample: sample, purpose: .trunk))
        let parameters = try #require(augmentation.sample(from: &random, input: whole.size, target: target))
        let window = try #require(augmentation.window(parameters))
        #expect(Region(whole.size).contains(window))
        let results = [whole, part(window, of: whole)].map { source in
            let canvas = Canvas()
            canvas.load(source)
            augmentation.apply(parameters, to: canvas)
            #expect(canvas.picture.window == Region(target))
            return canvas.picture.interleaved()
        }
        #expect(results[0] == results[1])
    }

    @Test(arguments: 0..<10)
    func resizedCrop(_ sample: Int) throws {
        try check(ResizedCrop(), target: Size(square: 32), sample: sample)
    }

    @Test(arguments: [Size(square: 32), Size(width: 120, height: 20), Size(square: 130)])
    func centreCropAndPad(_ target: Size) throws {
        try check(CenterCrop(), target: target, sample: 0)
        try check(Pad(), target: target, sample: 0)
    }

    /// A recipe from elsewhere may not fit the picture; nothing outside of the picture is touched.
    @Test func regionsThatDoNotFitAreCut() {
        let whole = ProcessorTests.noise(Size(width: 20, height: 16))
        let canvas = Canvas()
        func cropped(_ region: Region) -> [UInt8] {
            canvas.load(whole)
            ResizedCrop().apply(.init(region: region, size: Size(square: 8)), to: canvas)
            return canvas.picture.interleaved()
        }
        #expect(
            cropped(Region(x: -5, y: 10, width: 100, height: 100))
                == cropped(Region(x: 0, y: 10, width: 20, height: 6)))
        #expect(cropped(Region(x: 30, y: 0, width: 5, height: 5)).allSatisfy { $0 == 0 })
        canvas.load(whole)
        Cutout().apply(.init(region: Region(x: -3, y: 4, width: 99, height: 99)), to: canvas)
        #expect(canvas.picture.interleaved().prefix(20 * 4 * 3) == whole.interleaved().prefix(20 * 4 * 3))
        #expect(canvas.picture.interleaved().dropFirst(20 * 4 * 3).allSatisfy { $0 == 0 })
    }
}
