import Foundation
import Testing

@testable import Views

/// What is drawn follows torchvision's distributions; the draws are fixed by their seeds.
@Suite struct SamplingTests {
    struct Rectangles: Decodable, Sendable {
        var width: Int
        var height: Int
        var scale: Interval?
        var ratio: Interval?
        var erased: Double?
        /// For each of x, y, width and height: values, and the share of draws that are at most that.
        var shares: [String: [[Double]]]
    }

    struct Recorded: Decodable {
        var resized_crop: [Rectangles]
        var cutout: [Rectangles]
        var color_jitter: Jitters
    }

    struct Jitters: Decodable {
        /// The share of each order, as in `bcsh`.
        var orders: [String: Double]
        /// For each part: values, and the share of draws that are at most that.
        var factors: [String: [[Double]]]
    }

    static let recorded = SamplingFixture.read(Recorded.self)

    static let draws = 20_000
    let target = Size(square: 224)

    private func sample<A: Augmentation>(_ augmentation: A, _ size: Size) -> [A.Parameters?] {
        (0..<Self.draws).map { index in
            var random = RandomStream(RandomKey(seed: 7, epoch: 0, sample: index, purpose: .trunk))
            return augmentation.sample(from: &random, input: size, target: target)
        }
    }

    /// A share of 20,000 draws strays by more than 0.015 once in 20,000 times.
    private func compare(_ regions: [Region], with expected: Rectangles) throws {
        let sides: [(String, KeyPath<Region, Int>)] = [
            ("x", \.x), ("y", \.y), ("width", \.width), ("height", \.height),
        ]
        for (name, side) in sides {
            for mark in try #require(expected.shares[name]) {
                let share = Double(regions.count { Double($0[keyPath: side]) <= mark[0] }) / Double(regions.count)
                #expect(abs(share - mark[1]) < 0.015, "\(name) <= \(mark[0])")
            }
        }
        for mark in expected.shares["area"] ?? [] {
            let share = Double(regions.count { Double($0.size.area) <= mark[0] }) / Double(regions.count)
            #expect(abs(share - mark[1]) < 0.015, "area <= \(mark[0])")
        }
        for mark in expected.shares["ratio"] ?? [] {
            let count = regions.count { Double($0.width) / Double($0.height) <= mark[0] + 1e-8 }
            #expect(abs(Double(count) / Double(regions.count) - mark[1]) < 0.015, "ratio <= \(mark[0])")
        }
        let whole = Region(Size(width: expected.width, height: expected.height))
        #expect(regions.allSatisfy { whole.contains($0) && $0.size.area > 0 })
    }

    @Test func fixtureIsThere() {
        #expect(Self.recorded?.resized_crop.count == 4 && Self.recorded?.cutout.count == 2)
    }

    @Test(arguments: recorded?.resized_crop ?? [])
    func resizedCrop(_ expected: Rectangles) throws {
        var crop = ResizedCrop()
        crop.scale = try #require(expected.scale)
        crop.ratio = try #require(expected.ratio)
        let drawn = sample(crop, Size(width: expected.width, height: expected.height))
        #expect(drawn.allSatisfy { $0?.size == target })
        #expect(expected.shares["area"] != nil && expected.shares["ratio"] != nil)
        try compare(drawn.compactMap { $0?.region }, with: expected)
    }

    @Test(arguments: recorded?.cutout ?? [])
    func cutout(_ expected: Rectangles) throws {
        let drawn = sample(Cutout(), Size(width: expected.width, height: expected.height))
        let regions = drawn.compactMap { $0?.region }
        #expect(abs(Double(regions.count) / Double(drawn.count) - (try #require(expected.erased))) < 0.015)
        try compare(regions, with: expected)
        var erasing = RandomErasing()
        erasing.p = 1
        erasing.value = .random
        let noisy = sample(erasing, Size(width: expected.width, height: expected.height)).compactMap { $0 }
        #expect(noisy.map(\.region) == regions)
        #expect(Set(noisy.compactMap(\.noise)).count == noisy.count)
    }

    @Test(arguments: [
        (Size(width: 90, height: 1), Region(x: 44, y: 0, width: 1, height: 1)),
        (Size(width: 1, height: 90), Region(x: 0, y: 44, width: 1, height: 1)),
        (Size(width: 100, height: 60), Region(x: 10, y: 0, width: 80, height: 60)),
        (Size(width: 60, height: 100), Region(x: 0, y: 10, width: 60, height: 80)),
        (Size(width: 50, height: 50), Region(x: 0, y: 0, width: 50, height: 50)),
    ])
    func resizedCropFallsBackToTheCentre(_ size: Size, _ region: Region) {
        #expect(ResizedCrop().centre(of: size) == region)
    }

    @Test func colourJitterDrawsEveryOrderAndUniformFactors() throws {
        var jitter = ColorJitter()
        jitter.brightness = .magnitude(0.8)
        jitter.contrast = .range(Interval(0.5, 0.75))
        jitter.saturation = .magnitude(1.5)
        jitter.hue = .magnitude(0.2)
        jitter.p = 0.8
        let drawn = sample(jitter, target).compactMap { $0 }
        #expect(abs(Double(drawn.count) / Double(Self.draws) - 0.8) < 0.015)
        var orders: [String: Int] = [:]
        var factors: [String: [Double]] = [:]
        for parameters in drawn {
            var order = ""
            for adjustment in parameters.adjustments {
                let (name, value) =
                    switch adjustment {
                    case .brightness(let factor): ("b", factor)
                    case .contrast(let factor): ("c", factor)
                    case .saturation(let factor): ("s", factor)
                    case .hue(let shift): ("h", shift)
                    }
                order += name
                factors[name, default: []].append(value)
            }
            orders[order, default: 0] += 1
        }
        let torchvision = try #require(Self.recorded?.color_jitter)
        #expect(orders.count == 24 && torchvision.orders.count == 24)
        for (order, share) in torchvision.orders {
            #expect(abs(Double(orders[order] ?? 0) / Double(drawn.count) - share) < 0.007, "\(order)")
        }
        for (name, marks) in torchvision.factors {
            let values = try #require(factors[name])
            for mark in marks {
                let share = Double(values.count { $0 <= mark[0] }) / Double(values.count)
                #expect(abs(share - mark[1]) < 0.015, "\(name) <= \(mark[0])")
            }
        }
        #expect(orders.values.allSatisfy { abs(Double($0) / Double(drawn.count) - 1.0 / 24) < 0.006 })
        for (name, bounds) in [("b", (0.2, 1.8)), ("c", (0.5, 0.75)), ("s", (0.0, 2.5)), ("h", (-0.2, 0.2))] {
            let values = try #require(factors[name]).map { ($0 - bounds.0) / (bounds.1 - bounds.0) }
            #expect(values.allSatisfy { $0 >= -1e-12 && $0 <= 1 + 1e-12 })
            for tenth in stride(from: 0.1, to: 1, by: 0.1) {
                #expect(abs(Double(values.count { $0 <= tenth }) / Double(values.count) - tenth) < 0.015)
            }
        }
    }

    @Test func colourJitterLeavesOutWhatIsNotSet() {
        #expect(sample(ColorJitter(), target).allSatisfy { $0 == nil })
        var jitter = ColorJitter()
        jitter.hue = .magnitude(0.1)
        jitter.contrast = .range(Interval(1, 1))
        #expect(sample(jitter, target).allSatisfy { $0?.adjustments.count == 1 })
    }

    @Test func chancesAreAsSet() {
        var flip = HorizontalFlip()
        flip.p = 0.3
        var blur = GaussianBlur()
        blur.p = 0.6
        let shares = [
            (sample(flip, target).count { $0 != nil }, 0.3), (sample(blur, target).count { $0 != nil }, 0.6),
            (sample(Grayscale(), target).count { $0 != nil }, 0.1),
            (sample(Solarize(), target).count { $0 != nil }, 0.5),
            (sample(RandomErasing(), target).count { $0 != nil }, 0.5),
            (sample(Perspective(), target).count { $0 != nil }, 0.5),
        ]
        for (count, p) in shares { #expect(abs(Double(count) / Double(Self.draws) - p) < 0.015) }
    }

    @Test func blurTakesSimCLRsKernel() {
        for (side, taps) in [(224, 23), (96, 9), (32, 3), (19, 1)] {
            var random = RandomStream(RandomKey(seed: 1, epoch: 0, sample: 0, purpose: .trunk))
            let drawn = GaussianBlur().sample(from: &random, input: Size(square: side), target: Size(square: side))
            #expect(drawn?.kernelSize == taps)
        }
        let sigmas = sample(GaussianBlur(), target).compactMap { $0?.sigma }
        #expect(sigmas.allSatisfy { $0 >= 0.1 && $0 < 2 })
        #expect(abs(sigmas.reduce(0, +) / Double(sigmas.count) - 1.05) < 0.02)
    }

    @Test func affineStaysWithinItsBounds() {
        var affine = Affine()
        affine.degrees = .magnitude(10)
        affine.translate = [0.1, 0.25]
        affine.scale = Interval(0.5, 2)
        affine.shear = [-3, 6, 1, 2]
        let drawn = sample(affine, Size(width: 100, height: 40)).compactMap { $0 }
        #expect(drawn.count == Self.draws)
        #expect(Set(drawn.map(\.translateX)) == Set(-10...10))
        #expect(Set(drawn.map(\.translateY)) == Set(-10...10))
        #expect(drawn.allSatisfy { abs($0.angle) <= 10 && (0.5...2).contains($0.scale) })
        #expect(drawn.allSatisfy { (-3...6).contains($0.shearX) && (1...2).contains($0.shearY) })
        let mean = drawn.map(\.shearX).reduce(0, +) / Double(drawn.count)
        #expect(abs(mean - 1.5) < 0.06)
    }
}
