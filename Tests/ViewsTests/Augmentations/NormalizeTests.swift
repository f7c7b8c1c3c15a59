import Testing

@testable import Views

@Suite struct NormalizeTests {
    @Test(arguments: [Size(width: 1, height: 1), Size(width: 17, height: 3), Size(width: 16, height: 2)])
    func equalsTheFormula(_ size: Size) throws {
        let image = ProcessorTests.noise(size)
        var normalize = Normalize()
        normalize.mean = [0.1, 0.5, 0.9]
        normalize.std = [0.2, 0.5, 1.5]
        try normalize.validate()
        // One value more than is needed: it must stay as it is.
        var values = [Float](repeating: -7, count: size.area * 3 + 1)
        values.withUnsafeMutableBufferPointer { normalize.write(image, to: $0.baseAddress.unsafelyUnwrapped) }
        for channel in 0..<3 {
            for index in 0..<size.area {
                let level = Double(image.plane(channel)[index]) / 255
                let expected = (level - normalize.mean[channel]) / normalize.std[channel]
                #expect(abs(Double(values[channel * size.area + index]) - expected) < 2e-6)
            }
        }
        #expect(values[size.area * 3] == -7)
    }

    @Test func rejectsUnusableStatistics() {
        var normalize = Normalize()
        normalize.std = [0.2, 0, 0.2]
        #expect(throws: InvalidSetting("std", "must be in 1e-06...1000000.0, is 0.0")) { try normalize.validate() }
        normalize.std = [0.2]
        #expect(throws: InvalidSetting("std", "must have 3 values, has 1")) { try normalize.validate() }
    }
}
