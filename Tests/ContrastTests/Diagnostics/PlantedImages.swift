import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// Pictures of a few rectangles on a sloped ground: different from one another, and the same at any size. As in
/// photographs, they differ more in light than in hue.
struct Drawing {
    private let ground: [(Float, Float, Float)]
    private var boxes: [(x: Float, y: Float, width: Float, height: Float, colour: [Float])] = []

    init(_ number: Int, seed: UInt64) {
        var stream = RandomStream(RandomKey(seed: seed, epoch: 0, sample: number, purpose: .trunk))
        func uniform() -> Float { Float(stream.unit()) }
        let (level, across, down) = (uniform(), uniform() - 0.5, uniform() - 0.5)
        ground = (0..<3).map { _ in (level + 0.2 * (uniform() - 0.5), across, down) }
        for _ in 0..<7 {
            let level = uniform()
            boxes.append(
                (
                    uniform() * 0.8, uniform() * 0.8, 0.15 + uniform() * 0.4, 0.15 + uniform() * 0.4,
                    (0..<3).map { _ in level + 0.2 * (uniform() - 0.5) }
                ))
        }
    }

    /// The file.
    /// - Parameter brightness: what values are multiplied by.
    func png(width: Int, height: Int, brightness: Float = 1) throws -> Data {
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        func paint(_ x: Range<Int>, _ y: Range<Int>, _ value: (_ channel: Int, _ x: Float, _ y: Float) -> Float) {
            for row in y {
                for column in x {
                    for channel in 0..<3 {
                        let level = value(channel, Float(column) / Float(width), Float(row) / Float(height))
                        pixels[(row * width + column) * 3 + channel] = UInt8(max(0, min(255, level * brightness * 255)))
                    }
                }
            }
        }
        paint(0..<width, 0..<height) { ground[$0].0 + ground[$0].1 * $1 + ground[$0].2 * $2 }
        for box in boxes {
            let (left, top) = (Int(box.x * Float(width)), Int(box.y * Float(height)))
            let right = min(width, left + Int(box.width * Float(width)))
            paint(left..<right, top..<min(height, top + Int(box.height * Float(height)))) { channel, _, _ in
                box.colour[channel]
            }
        }
        return Data(try PNGWriter.encode(Image(size: Size(width: width, height: height), interleaved: pixels)))
    }
}

/// Views that can, or cannot, be matched by layout.
enum PlantedViews: String, CaseIterable, CustomTestStringConvertible {
    case whole, wholeMirrored, fixedCrop, crops, halfCrops

    var testDescription: String { rawValue }

    var wanted: String? {
        switch self {
        case .whole, .wholeMirrored, .fixedCrop: "augmentation_too_weak"
        case .crops, .halfCrops: nil
        }
    }

    /// Steps of both views.
    var steps: [String] {
        // Colours say little, so that it is the layout that tells pairs.
        let colours = [
            "color_jitter: {brightness: 0.6, contrast: 0.6, saturation: 0.8, hue: 0.5}", "grayscale: {p: 0.3}",
        ]
        switch self {
        case .whole: return ["resize: {size: 24}", "center_crop"] + colours
        case .wholeMirrored: return ["resize: {size: 24}", "center_crop", "horizontal_flip"] + colours
        case .fixedCrop: return ["resize: {size: 36}", "center_crop", "horizontal_flip"] + colours
        case .crops: return ["resized_crop: {scale: [0.2, 1.0]}", "horizontal_flip"] + colours
        case .halfCrops: return ["resized_crop: {scale: [0.4, 1.0]}", "horizontal_flip"] + colours
        }
    }
}

/// What is measured on images rather than embeddings, planted and absent.
@Suite("Diagnosis of images")
struct PlantedImagesTests {
    static let seeds: [UInt64] = [31, 32, 33, 34]

    /// A healthy run's measurements, to which images are added.
    private func healthy(_ seed: UInt64) throws -> Evidence {
        let (embeddings, temperature) = try Planted.healthyManyClasses.make(pairs: 384, dimension: 48, seed: seed)
        var options = Evidence.Options()
        options.temperature = temperature
        var evidence = try Evidence(embeddings, options: options)
        var run = RunEvidence(folder: RunFolder("/nowhere"), experiment: Experiment(), labels: [])
        (run.images, run.batchSize) = (5000, 256)
        evidence.run = run
        return evidence
    }

    private func write(_ data: Data, _ name: String, in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    @Test(arguments: [true, false]) func copiesAcrossTrainAndTest(planted: Bool) throws {
        for seed in PlantedImagesTests.seeds {
            let place = try TemporaryFolder()
            let (train, test) = ("\(place.path)/train", "\(place.path)/test")
            for number in 0..<60 {
                try write(Drawing(number, seed: seed).png(width: 40, height: 40), "\(number + 100).png", in: train)
            }
            for number in 0..<40 {
                // Every fourth is a training picture, darker; two of them are one file, another is a training file.
                let isCopy = planted && number % 4 == 0
                let original = number == 8 ? 4 : number
                let data =
                    !isCopy
                    ? try Drawing(1000 + number, seed: seed).png(width: 48, height: 40)
                    : try number == 12
                        ? Drawing(12, seed: seed).png(width: 40, height: 40)
                        : Drawing(original, seed: seed).png(width: 40, height: 40, brightness: 0.9)
                try write(data, "\(number + 100).png", in: test)
            }
            for folder in [train, test] { try write(Data("no picture".utf8), "zz.png", in: folder) }
            let (learnt, heldOut) = (try ImageFolder(train), try ImageFolder(test))
            let copies = TrainTestCopies(train: learnt, test: heldOut, threads: 2)
            let wanted =
                !planted
                ? []
                : stride(from: 0, to: 40, by: 4).map {
                    TrainTestCopies.Copy(test: "\($0 + 100).png", train: "\(($0 == 8 ? 4 : $0) + 100).png")
                }
            #expect(copies.copies == wanted)
            #expect(copies.test == 40 && copies.train == 60 && copies.trainImages == 60)
            var evidence = try healthy(seed)
            evidence.run?.copies = copies
            let diagnosis = Diagnosis(evidence)
            #expect(diagnosis.findings.map(\.code) == (planted ? ["train_test_copies"] : []))
            #expect(diagnosis.undecided.isEmpty)
            #expect(planted == (diagnosis.findings.first?.evidence.contains("100.png is 100.png") ?? false))
            #expect(diagnosis.measurements.contains { $0.name == "train_test_copies" })
        }
    }

    @Test func aFewHeldOutImagesDoNotDecide() throws {
        var evidence = try healthy(35)
        let copy = TrainTestCopies.Copy(test: "a", train: "b")
        evidence.run?.copies = TrainTestCopies(test: 20, train: 100, trainImages: 100, copies: [copy])
        var diagnosis = Diagnosis(evidence)
        #expect(diagnosis.findings.isEmpty && diagnosis.undecided.contains { $0.contains("20 test images") })
        // Of a part of the training images it is said that it is one.
        let many = [TrainTestCopies.Copy](repeating: copy, count: 90)
        evidence.run?.copies = TrainTestCopies(test: 1000, train: 100, trainImages: 300, copies: many)
        diagnosis = Diagnosis(evidence)
        #expect(diagnosis.findings.first?.evidence.contains("100 of 300 that were compared") == true)
    }

    /// As `scipy.stats.binomtest(found, all).proportion_ci(method="wilson")` has it.
    @Test(arguments: [(0, 40, 0.0, 0.08762), (10, 40, 0.14187, 0.40194), (133, 10_000, 0.01124, 0.01574)])
    func theShareHasWilsonsInterval(found: Int, of all: Int, low: Double, high: Double) {
        let copies = [TrainTestCopies.Copy](repeating: .init(test: "a", train: "b"), count: found)
        let share = TrainTestCopies(test: all, train: 1, trainImages: 1, copies: copies).share
        #expect(abs(share.low - low) < 2e-5 && abs(share.high - high) < 2e-5)
        #expect(share.value == Double(found) / Double(all))
    }

    /// Both views of all images, as planted.
    private func views(
        _ condition: PlantedViews, of images: any Source, seed: UInt64
    ) throws -> (position: [Double], colours: [Double]) {
        let steps = condition.steps.map { "          - \($0)\n" }.joined()
        let text = "views:\n  branches:\n    - count: 2\n      size: 24\n      steps:\n\(steps)"
        let settings = try ConfigurationReader(file: "test", text: text).read(Experiment.self).views
        let size = Size(width: 24, height: 24)
        let length = 3 * size.area
        let (values, count, _) = try ViewArray(pipeline: ViewPipeline(settings), seed: seed).make(images, count: 256)
        func all(_ view: Int) -> [Float] {
            (0..<count).flatMap { values[($0 * 2 + view) * length..<($0 * 2 + view + 1) * length] }
        }
        let (first, second) = (all(0), all(1))
        let (mean, deviation) = (settings.normalize.mean, settings.normalize.std)
        var positions = PositionRetrieval(mean: mean, std: deviation)
        var colours = ColourRetrieval(mean: mean, std: deviation)
        first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                positions.add(first: first, size: size, second: second, size: size, count: count)
                colours.add(first: first, area: size.area, second: second, area: size.area, count: count)
            }
        }
        return (try positions.hits(), try colours.hits())
    }

    @Test(arguments: PlantedImagesTests.seeds) func viewsThatAreMatchedByLayout(seed: UInt64) throws {
        let place = try TemporaryFolder()
        for number in 0..<256 {
            try write(Drawing(number, seed: seed).png(width: 32, height: 32), "\(number + 1000).png", in: place.path)
        }
        let images = try ImageFolder(place.path)
        var evidence = try healthy(seed)
        for condition in PlantedViews.allCases {
            let hits = try views(condition, of: images, seed: seed)
            let bootstrap = try Bootstrap(count: 256, seed: seed)
            evidence.run?.positionRetrieval = try bootstrap.mean(hits.position)
            evidence.run?.colourRetrieval = try bootstrap.mean(hits.colours)
            let diagnosis = Diagnosis(evidence)
            let numbers = diagnosis.measurements.filter { $0.name.hasSuffix("_retrieval") }
            #expect(diagnosis.findings.first?.code == condition.wanted, "\(condition): \(numbers)")
            guard condition.wanted != nil else { continue }
            #expect(diagnosis.findings.first?.evidence.contains("The brightness of 4 x 4 cells") == true)
            #expect(diagnosis.findings.first?.evidence.contains("Colour histograms") == false)
        }
    }

    /// Grids of 4 x 4 pixels are their own cells: correlation in float64 over both orientations.
    @Test func theLayoutIsTheCorrelationOfGreys() throws {
        let count = 40
        let size = Size(width: 4, height: 4)
        let first = Fixture.hashed(count * 48, stream: 7).map { Float($0) }
        let noise = Fixture.hashed(count * 48, stream: 8)
        var second = zip(first, noise).map { $0 * 0.7 + Float(0.8 * $1) + 0.3 }
        // Every third is mirrored.
        for sample in stride(from: 0, to: count, by: 3) {
            for row in 0..<12 { second[sample * 48 + row * 4..<sample * 48 + row * 4 + 4].reverse() }
        }
        let (mean, deviation) = ([0.4, 0.5, 0.6], [0.2, 0.3, 0.4])
        func greys(_ values: [Float], _ sample: Int) -> [Double] {
            var plain = [Double](repeating: 0, count: 16)
            for (channel, weight) in [0.299, 0.587, 0.114].enumerated() {
                for place in 0..<16 {
                    let value = Double(values[sample * 48 + channel * 16 + place])
                    plain[place] += weight * (value * deviation[channel] + mean[channel])
                }
            }
            let level = plain.reduce(0, +) / 16
            let length = plain.reduce(0) { $0 + ($1 - level) * ($1 - level) }.squareRoot()
            return plain.map { ($0 - level) / length }
        }
        let wanted = (0..<count).map { anchor -> Double in
            let own = greys(first, anchor)
            var scores: [Double] = []
            for other in 0..<count {
                let rows = greys(second, other)
                var (plain, turned) = (0.0, 0.0)
                for place in 0..<16 {
                    plain += own[place] * rows[place]
                    turned += own[place / 4 * 4 + 3 - place % 4] * rows[place]
                }
                scores.append(max(plain, turned))
            }
            return scores.firstIndex(of: scores.max() ?? 0) == anchor ? 1 : 0
        }
        var retrieval = PositionRetrieval(mean: mean, std: deviation)
        first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                retrieval.add(first: first, size: size, second: second, size: size, count: count)
            }
        }
        #expect(try retrieval.hits() == wanted)
        #expect(wanted.contains(0) && wanted.contains(1))
        // Even views are matched with none.
        var even = PositionRetrieval(mean: mean, std: deviation)
        let flat = [Float](repeating: 0.5, count: 3 * 48)
        flat.withUnsafeBufferPointer { even.add(first: $0, size: size, second: $0, size: size, count: 3) }
        #expect(try even.hits() == [0, 0, 0])
    }
}
