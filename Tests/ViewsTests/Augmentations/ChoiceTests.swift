import Testing

@testable import Views

/// What is chosen, and the noise, follow torchvision's distributions; the draws are fixed by their seeds.
@Suite struct ChoiceTests {
    struct Recorded: Decodable {
        struct Corners: Decodable {
            var width: Int
            var height: Int
            var distortion: Double
            var shares: [String: [[Double]]]
        }

        struct Operations: Decodable {
            struct Share: Decodable {
                var name: String
                var value: Double
                var share: Double
            }

            var bins: Int
            var magnitude: Int
            var shares: [Share]
        }

        struct Noise: Decodable {
            var level: UInt8
            var mean: Double
            var sigma: Double
            var shares: [[Double]]
        }

        var perspective: [Corners]
        var rand_augment: [Operations]
        var jpeg_compression: [String: Double]
        var gaussian_noise: [Noise]
    }

    private static let draws = 20_000
    private let recorded: Recorded

    init() throws {
        recorded = try #require(SamplingFixture.read(Recorded.self))
    }

    private func sample<A: Augmentation>(_ augmentation: A, _ size: Size) -> [A.Parameters] {
        (0..<Self.draws).compactMap { index in
            var random = RandomStream(RandomKey(seed: 11, epoch: 0, sample: index, purpose: .trunk))
            return augmentation.sample(from: &random, input: size, target: size)
        }
    }

    @Test func perspectiveMovesCornersAsTorchvision() throws {
        #expect(!recorded.perspective.isEmpty)
        for expected in recorded.perspective {
            var perspective = Perspective()
            perspective.distortionScale = expected.distortion
            perspective.p = 1
            let drawn = sample(perspective, Size(width: expected.width, height: expected.height))
            #expect(drawn.count == Self.draws)
            for corner in 0..<4 {
                for (name, side) in [("x\(corner)", \Perspective.Point.x), ("y\(corner)", \Perspective.Point.y)] {
                    for mark in try #require(expected.shares[name]) {
                        let share = Double(drawn.count { Double($0.corners[corner][keyPath: side]) <= mark[0] })
                        #expect(abs(share / Double(Self.draws) - mark[1]) < 0.015, "\(name) <= \(mark[0])")
                    }
                }
            }
        }
    }

    @Test func randAugmentChoosesAsTorchvision() throws {
        #expect(!recorded.rand_augment.isEmpty)
        for expected in recorded.rand_augment {
            var augment = RandAugment()
            augment.numMagnitudeBins = expected.bins
            augment.magnitude = expected.magnitude
            let drawn = sample(augment, Size(width: 61, height: 47))
            #expect(drawn.allSatisfy { $0.operations.count == 2 })
            var counts: [String: Int] = [:]
            for operation in drawn.flatMap(\.operations) {
                let name = operation.operation.rawValue.split(separator: "_").joined()
                let value = (operation.magnitude * 1e4).rounded(.toNearestOrEven)
                counts["\(name) \(value)", default: 0] += 1
            }
            #expect(counts.count == expected.shares.count)
            for share in expected.shares {
                let key = "\(share.name.lowercased()) \((share.value * 1e4).rounded(.toNearestOrEven))"
                #expect(
                    abs(Double(counts[key] ?? 0) / Double(2 * Self.draws) - share.share) < 0.006, "\(key)")
            }
        }
    }

    @Test func qualitiesAreUniform() {
        var compression = JPEGCompression()
        compression.quality = QualityRange(30, 34)
        let drawn = sample(compression, Size(square: 8))
        #expect(Set(drawn.map(\.quality)).count == recorded.jpeg_compression.count)
        for (quality, share) in recorded.jpeg_compression {
            let count = drawn.count { "\($0.quality)" == quality }
            #expect(abs(Double(count) / Double(Self.draws) - share) < 0.015)
        }
    }

    @Test func eachOfThreeIsAsLikely() {
        let drawn = sample(ThreeAugment(), Size(square: 224))
        var sigmas: [Double] = []
        var (gray, inverted) = (0, 0)
        for parameters in drawn {
            switch parameters {
            case .grayscale: gray += 1
            case .solarize: inverted += 1
            case .blur(let kernelSize, let sigma):
                #expect(kernelSize == 23)
                sigmas.append(sigma)
            }
        }
        for count in [gray, inverted, sigmas.count] {
            #expect(abs(Double(count) / Double(Self.draws) - 1.0 / 3) < 0.015)
        }
        #expect(sigmas.allSatisfy { $0 >= 0.1 && $0 < 2 })
        for tenth in stride(from: 0.1, to: 1, by: 0.1) {
            let share = Double(sigmas.count { $0 <= 0.1 + 1.9 * tenth }) / Double(sigmas.count)
            #expect(abs(share - tenth) < 0.025)
        }
    }

    /// Half a million pixel values: a share deviates by more than 0.003 once in 20,000 times.
    @Test func noiseIsNormalAsTorchvisions() throws {
        #expect(!recorded.gaussian_noise.isEmpty)
        let size = Size(square: 400)
        for expected in recorded.gaussian_noise {
            let plain = [UInt8](repeating: expected.level, count: size.area * 3)
            var noise = GaussianNoise()
            noise.mean = expected.mean
            noise.sigma = expected.sigma
            let canvas = Canvas()
            canvas.load(Image(size: size, interleaved: plain))
            noise.apply(.init(noise: NoiseKey(first: 5, second: 6)), to: canvas)
            let levels = canvas.picture.interleaved()
            for mark in expected.shares {
                let share = Double(levels.count { Double($0) <= mark[0] }) / Double(levels.count)
                #expect(abs(share - mark[1]) < 0.003, "\(expected) at \(mark[0])")
            }
        }
    }

    @Test func noiseHasTheMomentsOfANormalDraw() {
        let table = PixelOperations.normalTable.map(Double.init)
        func moment(_ power: Int) -> Double {
            table.reduce(0) { sum, value in sum + (0..<power).reduce(1.0) { product, _ in product * value } } / 1024
        }
        #expect(abs(moment(1)) < 1e-7 && abs(2 * moment(2) - 1) < 1e-6 && abs(moment(3)) < 1e-7)
        // The fourth moment of a sum of two independent draws.
        #expect(abs(2 * moment(4) + 6 * moment(2) * moment(2) - 3) < 0.03)
    }

    /// Neighbours and channels must not see the same noise, nor may two keys that differ in one bit.
    @Test func noiseIsIndependent() {
        let size = Size(width: 256, height: 200)
        func levels(_ key: NoiseKey) -> [Double] {
            let image = Image()
            image.reshape(to: size)
            PixelOperations.eraseWithNoise(image, region: Region(size), key: key)
            return (0..<size.area * 3).map { Double(image.plane(0)[$0]) - 127.5 }
        }
        let first = levels(NoiseKey(first: 1, second: 0))
        let count = Double(first.count)
        let variance = first.reduce(0) { $0 + $1 * $1 } / count
        #expect(abs(first.reduce(0, +) / count) < 0.8)
        #expect(abs(variance - 65535.0 / 12) < 50)
        func correlation(_ other: [Double], shift: Int) -> Double {
            zip(first, other.dropFirst(shift)).reduce(0) { $0 + $1.0 * $1.1 } / variance / count
        }
        for shift in [1, 2, 16, size.width, size.area] { #expect(abs(correlation(first, shift: shift)) < 0.012) }
        for key in [NoiseKey(first: 0, second: 0), NoiseKey(first: 1, second: 1), NoiseKey(first: 2, second: 0)] {
            #expect(abs(correlation(levels(key), shift: 0)) < 0.012)
        }
        for level in [31, 127, 200] {
            let share = Double(first.count { $0 + 127.5 <= Double(level) }) / count
            #expect(abs(share - Double(level + 1) / 256) < 0.006)
        }
    }

    /// torchvision's displacements, of noise blurred with a Gaussian, have this standard deviation far from the edges.
    @Test func elasticMovesByItsStrength() {
        let size = Size(square: 160)
        // A horizontal ramp shows the displacement as pixel values.
        let ramp = Image()
        ramp.reshape(to: size)
        for channel in 0..<3 {
            for index in 0..<size.area { ramp.plane(channel)[index] = UInt8(48 + index % 160) }
        }
        var elastic = Elastic()
        elastic.alpha = OneOrTwo(60)
        elastic.sigma = 2
        let canvas = Canvas()
        var (sum, count) = (0.0, 0.0)
        for key in 0..<20 {
            canvas.load(ramp)
            elastic.apply(.init(noise: NoiseKey(first: UInt32(key), second: 8)), to: canvas)
            for y in 20..<140 {
                for x in 20..<140 {
                    let moved = Double(canvas.picture.plane(0)[y * 160 + x]) - Double(48 + x)
                    sum += moved * moved
                    count += 1
                }
            }
        }
        // Uniform noise has variance 1/3, and the squares of a Gaussian kernel sum to 1 / (4 pi sigma^2).
        let expected = 30 * (1.0 / 3 / (4 * Double.pi * 4)).squareRoot()
        #expect(abs((sum / count).squareRoot() / expected - 1) < 0.06)
    }
}
