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
        rejects("size") { (it: inout Resize) in it.size = .shorter(0) }
        rejects("size") { (it: inout Resize) in it.size = .both(Size(width: 0, height: 5)) }
        rejects("size") { (it: inout Resize) in it.size = .both(Size(width: 5, height: 20_000)) }
        rejects("threshold") { (it: inout ThreeAugment) in it.threshold = -1 }
        rejects("kernel_size") { (it: inout ThreeAugment) in it.kernelSize = 2 }
        rejects("sigma") { (it: inout ThreeAugment) in it.sigma = Interval(2, 1) }
        rejects("num_ops") { (it: inout RandAugment) in it.numOps = 0 }
        rejects("magnitude") { (it: inout RandAugment) in it.magnitude = 31 }
        rejects("num_magnitude_bins") { (it: inout RandAugment) in it.numMagnitudeBins = 1 }
        rejects("scale") { (it: inout RandomErasing) in it.scale = Interval(0, 2) }
        rejects("ratio") { (it: inout RandomErasing) in it.ratio = Interval(0, 2) }
        rejects("quality") { (it: inout JPEGCompression) in it.quality = QualityRange(0, 50) }
        rejects("quality") { (it: inout JPEGCompression) in it.quality = QualityRange(50, 101) }
        rejects("quality") { (it: inout JPEGCompression) in it.quality = QualityRange(50, 40) }
        rejects("mean") { (it: inout GaussianNoise) in it.mean = 2 }
        rejects("sigma") { (it: inout GaussianNoise) in it.sigma = -0.1 }
        rejects("distortion_scale") { (it: inout Perspective) in it.distortionScale = 1.1 }
        rejects("alpha") { (it: inout Elastic) in it.alpha = OneOrTwo(1, -1) }
        rejects("sigma") { (it: inout Elastic) in it.sigma = -1 }
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
        var three = ThreeAugment()
        three.kernelSize = 81
        #expect(throws: InvalidSetting.self) { try three.shape(of: wide, target: target) }
        let long = Shape.fixed(Size(width: 65501, height: 1))
        #expect(throws: InvalidSetting.self) { try JPEGCompression().shape(of: long, target: target) }
        let large = Shape.fixed(Size(square: 4097))
        #expect(throws: InvalidSetting.self) { try Elastic().shape(of: large, target: target) }
        for step: any Augmentation in [RandAugment(), RandomErasing(), GaussianNoise(), Perspective(), Elastic()] {
            #expect(try step.shape(of: wide, target: target) == wide)
        }
    }

    @Test func onlyWhatDrawsIsRandom() {
        let still: Set = ["resize", "center_crop", "pad"]
        for type in augmentationTypes { #expect(type.init().isRandom == !still.contains(type.name), "\(type.name)") }
    }

    @Test func resizeTakesOneSideOrBoth() throws {
        var resize = Resize()
        let wide = Size(width: 100, height: 40)
        resize.size = .shorter(20)
        #expect(resize.result(for: wide, target: Size(square: 32)) == Size(width: 50, height: 20))
        resize.size = .both(Size(width: 24, height: 16))
        #expect(resize.result(for: wide, target: Size(square: 32)) == Size(width: 24, height: 16))
        #expect(try resize.shape(of: .any, target: Size(square: 32)) == .fixed(Size(width: 24, height: 16)))
        for text in ["7", "[16,24]"] {
            let size = try JSONDecoder().decode(ResizeSize.self, from: Data(text.utf8))
            #expect(size == (text == "7" ? .shorter(7) : .both(Size(width: 24, height: 16))))
            #expect(String(decoding: try JSONEncoder().encode(size), as: UTF8.self) == text)
        }
        for text in ["[1]", "[1,2,3]", "\"x\""] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(ResizeSize.self, from: Data(text.utf8)) }
        }
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
        #expect(fill.values == (text == "7" ? SIMD3(7, 7, 7) : SIMD3(1, 2, 3)))
        #expect(String(decoding: try JSONEncoder().encode(fill), as: UTF8.self) == text)
    }

    @Test(arguments: ["\"random\"", "7", "[1,2,3]"])
    func anErasingValueIsAWordOrAColour(_ text: String) throws {
        let value = try JSONDecoder().decode(ErasingValue.self, from: Data(text.utf8))
        #expect((value == .random) == text.contains("random"))
        #expect(String(decoding: try JSONEncoder().encode(value), as: UTF8.self) == text)
        #expect(throws: (any Error).self) { try JSONDecoder().decode(ErasingValue.self, from: Data("\"noise\"".utf8)) }
    }

    @Test(arguments: ["30", "[30,95]"])
    func aQualityIsANumberOrARange(_ text: String) throws {
        let quality = try JSONDecoder().decode(QualityRange.self, from: Data(text.utf8))
        #expect(quality == (text == "30" ? QualityRange(30, 30) : QualityRange(30, 95)))
        #expect(String(decoding: try JSONEncoder().encode(quality), as: UTF8.self) == text)
        let pair = try JSONDecoder().decode(OneOrTwo.self, from: Data(text.utf8))
        #expect(pair == (text == "30" ? OneOrTwo(30) : OneOrTwo(30, 95)))
        #expect(String(decoding: try JSONEncoder().encode(pair), as: UTF8.self) == text)
    }

    @Test(arguments: ["[1]", "[1,2,3]", "\"1\""])
    func anIntervalHasTwoNumbers(_ text: String) {
        #expect(throws: (any Error).self) { try JSONDecoder().decode(Interval.self, from: Data(text.utf8)) }
    }
}
