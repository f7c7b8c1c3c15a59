import Testing

@testable import Views

@Suite struct NormalizeTests {
    @Test(arguments: [Size(width: 1, height: 1), Size(width: 17, height: 3), Size(width: 16, height: 2)])
    func equalsTheFormula(_ size: Size) throws {
        let image = ProcessorTests.noise(size)
        var normalize = Normalize()
        normalize.mean = [0.1, 0.5, 0.9]
        normalize.std = [0.2, 0.5, 0.7]
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
        #expect(throws: InvalidSetting("std", "must be positive, and at most 4, is 0.0")) { try normalize.validate() }
        normalize.std = [0.2]
        #expect(throws: InvalidSetting("std", "must have 3 values, has 1")) { try normalize.validate() }
    }

    @Test(arguments: [
        (
            [123.675, 116.28, 103.53], [58.395, 57.12, 57.375], "mean", "123.675 is of pixel values in 0...255", "0.485"
        ),
        ([0.485, 0.456, 0.406], [58.395, 57.12, 57.375], "std", "58.395 is of pixel values in 0...255", "0.229"),
        ([0.229, 0.224, 0.225], [0.485, 0.456, 0.406], "mean", "look exchanged", "0.485"),
        ([-0.5, 0.5, 0.5], [0.5, 0.5, 0.5], "mean", "must be in 0.0...1.0", "-0.5"),
        ([0.5, 0.5, 0.5], [0.5, -0.5, 0.5], "std", "must be positive", "-0.5"),
        ([0.5, 0.5, 0.5], [0.5, .nan, 0.5], "std", "must be positive", "nan"),
        ([0.5, 0.5, 1.2], [0.5, 0.5, 0.5], "mean", "must be in 0.0...1.0", "1.2"),
        ([1000, 0.5, 0.5], [0.5, 0.5, 0.5], "mean", "must be in 0.0...1.0", "1000"),
    ])
    func saysWhatWasProbablyMeant(mean: [Double], std: [Double], key: String, reason: String, number: String) {
        var normalize = Normalize()
        (normalize.mean, normalize.std) = (mean, std)
        let error = #expect(throws: InvalidSetting.self) { try normalize.validate() }
        #expect(error?.key == key)
        #expect(error?.reason.contains(reason) == true && error?.reason.contains(number) == true, "\(error as Any)")
    }

    /// Those of data sets, of [-1, 1], and of pixel values as they are.
    @Test(arguments: [
        ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]), ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
        ([0, 0, 0], [1, 1, 1]), ([0.1307, 0.1307, 0.1307], [0.3081, 0.3081, 0.3081]), ([0, 0, 0], [0.5, 0.5, 0.5]),
        ([0.485, 0.456, 0.406], [0.00392, 0.00392, 0.00392]), ([0.485, 0.456, 0.406], [1, 1, 1]),
    ])
    func takesUsualStatistics(mean: [Double], std: [Double]) throws {
        var normalize = Normalize()
        (normalize.mean, normalize.std) = (mean, std)
        try normalize.validate()
    }
}
