import Testing

@testable import Views

@Suite("Planes as pixels")
struct InterleaveTests {
    /// Every remainder of the vectors' sixteen pixels, in one row and in several.
    @Test(arguments: 1...67)
    func equalsANaiveLoop(width: Int) {
        for height in [1, 2, 5] {
            let image = ProcessorTests.noise(Size(width: width, height: height))
            let length = 3 * width * height
            for wide in PixelOperations.isWide ? [false, true] : [false] {
                // A level more than is needed on either side: they must stay as they are, and no place is aligned.
                var pixels = [UInt8](repeating: 171, count: length + 2)
                pixels.withUnsafeMutableBufferPointer {
                    PixelOperations.interleave(image, to: $0.baseAddress.unsafelyUnwrapped + 1, wide: wide)
                }
                var expected = pixels
                for index in 0..<length { expected[index + 1] = image.plane(index % 3)[index / 3] }
                #expect(pixels == expected)
                #expect(pixels.first == 171 && pixels.last == 171)
            }
        }
    }

    /// Large enough for stores past the caches, at places that do and do not allow them.
    @Test(arguments: [Size(square: 224), Size(width: 223, height: 97)], 0..<3)
    func largePicturesAreWhole(_ size: Size, place: Int) {
        let image = ProcessorTests.noise(size)
        let length = 3 * size.area
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: length + 256, alignment: 64)
        defer { memory.deallocate() }
        let start = (memory.baseAddress.unsafelyUnwrapped + 64).assumingMemoryBound(to: UInt8.self)
        let target = start + [0, 16, 7][place]
        for wide in PixelOperations.isWide ? [false, true] : [false] {
            memory.initializeMemory(as: UInt8.self, repeating: 171)
            PixelOperations.interleave(image, to: target, wide: wide)
            #expect(Array(UnsafeBufferPointer(start: target, count: length)) == image.interleaved())
            #expect(target[-1] == 171 && target[length] == 171)
        }
    }
}
