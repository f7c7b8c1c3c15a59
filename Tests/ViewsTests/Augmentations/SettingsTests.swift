import Foundation
import Testing

@testable import Views

/// Names, ranges, extents and spellings of the settings.
@Suite struct SettingsTests {
    private func rejects<A: Augmentation>(_ key: String, _ change: (inout A) -> Void, of type: A.Type = A.self) {
        var augmentation = A()
        change(&augmentation)
        let error = #expect(throws: InvalidSetting.self) { try augmentation.validate() }
        #expect(error?.key == key)
    }

    @Test func defaultsAreValidAndNamesUnique() throws {
        for type in augmentationTypes { try type.init().validate() }
        #expect(Set(augmentationTypes.map { $0.name }).count == augmentationTypes.count)
    }

    @Test func valuesOutOfRangeAreRejected() {
        rejects("scale") { (it: inout ResizedCrop) in it.scale = Interval(0.5, 1.2) }
        rejects("scale") { (it: inout ResizedCrop) in it.scale = Interval(0.5, 0.2) }
        rejects("scale") { (it: inout ResizedCrop) in it.scale = Interval(0, 0) }
        rejects("ratio") { (it: inout ResizedCrop) in it.ratio = Interval(0, 1) }
        rejects("p") { (it: inout HorizontalFlip) in it.p = 1.1 }
        rejects("p") { (it: inout VerticalFlip) in it.p = -0.1 }
        rejects("p") { (it: inout Grayscale) in it.p = .nan }
        rejects("hue") { (it: inout ColorJitter) in it.hue = .magnitude(3) }
        rejects("hue") { (it: inout ColorJitter) in it.hue = .range(Interval(-0.6, 0)) }
        rejects("brightness") { (it: inout ColorJitter) in it.brightness = .magnitude(-1) }
        rejects("contrast") { (it: inout ColorJitter) in it.contrast = .range(Interval(2, 1)) }
        rejects("saturation") { (it: inout ColorJitter) in it.saturation = .range(Interval(-1, 1)) }
        rejects("kernel_size") { (it: inout GaussianBlur) in it.kernelSize = 4 }
        rejects("sigma") { (it: inout GaussianBlur) in it.sigma = Interval(0, 1) }
        rejects("threshold") { (it: inout Solarize) in it.threshold = 256 }
        rejects("bits") { (it: inout Posterize) in it.bits = 9 }
        rejects("sharpness_factor") { (it: inout Sharpness) in it.sharpnessFactor = -1 }
        rejects("degrees") { (it: inout Rotation) in it.degrees = .magnitude(400) }
        rejects("translate") { (it: inout Affine) in it.translate = [0.1] }
        rejects("translate") { (it: inout Affine) in it.translate = [0.1, 2] }
        rejects("scale") { (it: inout Affine) in it.scale = Interval(0, 1) }
        rejects("shear") { (it: inout Affine) in it.shear = [1, 2, 3] }
        rejects("shear") { (it: inout Affine) in it.shear = [0, 90] }
        rejects("scale") { (it: inout Cutout) in it.scale = Interval(0, 2) }
        rejects("size") { (it: inout Resize) in it.size = 0 }
    }

    @Test func extentsAreKnownInAdvance() throws {
        let target = Size(square: 32)
        let wide = Shape.fixed(Size(width: 100, height: 40))
        #expect(try ResizedCrop().shape(of: .any, target: target) == .fixed(target))
        #expect(try CenterCrop().shape(of: .any, target: target) == .fixed(target))
        #expect(try Resize().shape(of: .any, target: target) == .any)
        #expect(try Resize().shape(of: wide, target: target) == .fixed(Size(width: 80, height: 32)))
        #expect(try Pad().shape(of: .any, target: target) == .fixed(target))
        #expect(try HorizontalFlip().shape(of: wide, target: target) == wide)
        #expect(throws: InvalidSetting.self) { try Pad().shape(of: wide, target: target) }
        var blur = GaussianBlur()
        blur.kernelSize = 81
        #expect(throws: InvalidSetting.self) { try blur.shape(of: wide, target: target) }
    }

    @Test func aLineOfPixelsDoesNotResizeToGigabytes() {
        #expect(
            Resize().result(for: Size(width: 100_000, height: 1), target: Size(square: 10))
                == Size(width: 1000, height: 10))
    }

    @Test(arguments: ["0.4", "[0.5,1.5]"])
    func jitterIsANumberOrARange(_ text: String) throws {
        let jitter = try JSONDecoder().decode(Jitter.self, from: Data(text.utf8))
        #expect(jitter == (text == "0.4" ? .magnitude(0.4) : .range(Interval(0.5, 1.5))))
        #expect(String(decoding: try JSONEncoder().encode(jitter), as: UTF8.self) == text)
    }

    @Test(arguments: ["7", "[1,2,3]"])
    func fillIsALevelOrAColour(_ text: String) throws {
        let fill = try JSONDecoder().decode(Fill.self, from: Data(text.utf8))
        #expect(fill.levels == (text == "7" ? SIMD3(7, 7, 7) : SIMD3(1, 2, 3)))
        #expect(String(decoding: try JSONEncoder().encode(fill), as: UTF8.self) == text)
    }

    @Test(arguments: ["[1]", "[1,2,3]", "\"1\""])
    func anIntervalHasTwoNumbers(_ text: String) {
        #expect(throws: (any Error).self) { try JSONDecoder().decode(Interval.self, from: Data(text.utf8)) }
    }
}
