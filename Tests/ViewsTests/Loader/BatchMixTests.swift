import Foundation
import Testing

@testable import Views

@Suite("Mixed batches", .timeLimit(.minutes(2)))
struct BatchMixTests {
    private static let branches = """
        branches:
          - {count: 2, size: 12, steps: [resized_crop, horizontal_flip]}
          - {count: 1, size: [5, 7]}
        """

    private func load(_ mix: String, threads: Int = 2, slots: Int = 3, bad: Set<Int> = [4]) throws -> (
        batches: [Delivered], mixings: [Mixing?]
    ) {
        let pipeline = try ViewPipelineTests.pipeline(mix + "\n" + Self.branches)
        let loader = try Loader(
            fake: FakeSource(count: 41, bad: bad), pipeline: pipeline, batch: 8, epochs: 0..<2, threads: threads,
            slots: slots)
        var batches: [Delivered] = []
        var mixings: [Mixing?] = []
        for _ in 0..<2 {
            while let batch = try loader.next() {
                batches.append(Delivered(batch))
                mixings.append(batch.mixing)
            }
        }
        return (batches, mixings)
    }

    /// What the formula makes of the batches of a loader that does not mix.
    private func expected(_ plain: Delivered, _ mixing: Mixing) -> [[Float]] {
        let sizes = [(views: 2, width: 12, height: 12), (views: 1, width: 7, height: 5)]
        return sizes.enumerated().map { branch, size in
            let part = mixing.branches[branch]
            let count = plain.samples.count
            let source = plain.views[branch]
            return source.indices.map { index in
                let (x, y) = (index % size.width, index / size.width % size.height)
                let length = 3 * size.width * size.height
                let (view, row) = (index / length / count, index / length % count)
                let other = source[(view * count + mixing.partners[row]) * length + index % length]
                guard let box = part.box else {
                    return source[index] * Float(part.lambda) + other * Float(1 - part.lambda)
                }
                let inside = x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height
                return inside ? other : source[index]
            }
        }
    }

    @Test(arguments: [
        "mix: {mixup: {alpha: 0.4}}", "mix: {cutmix: {}}", "mix: {mixup: {}, cutmix: {alpha: 0.5}, p: 0.7}",
    ])
    func viewsAreMixedAsTheBatchSays(_ mix: String) throws {
        let plain = try load("").batches
        let (batches, mixings) = try load(mix)
        #expect(batches.count == plain.count && batches.count == 12)
        var lambdas = Set<Double>()
        for (index, (batch, mixing)) in zip(batches, mixings).enumerated() {
            #expect(batch.samples == plain[index].samples && batch.labels == plain[index].labels)
            guard let mixing else {
                #expect(mix.contains("p: 0.7") && batch.views == plain[index].views)
                continue
            }
            #expect(mixing.partners.sorted() == Array(0..<batch.samples.count))
            #expect(batch.views == expected(plain[index], mixing))
            for part in mixing.branches {
                #expect((0...1).contains(part.lambda))
                #expect((part.box == nil) == (mixing.kind == .mixup))
            }
            lambdas.insert(mixing.branches[0].lambda)
            #expect(try JSONDecoder().decode(Mixing.self, from: JSONEncoder().encode(mixing)) == mixing)
        }
        #expect(lambdas.count > 4)
        #expect(mix.contains("p: 0.7") == mixings.contains(nil))
        if mix.contains("p: 0.7") { #expect(Set(mixings.compactMap { $0?.kind }).count == 2) }
    }

    @Test func batchesAreBitEqualWithAnyNumberOfThreads() throws {
        let mix = "mix: {mixup: {alpha: 0.4}, cutmix: {}}"
        let one = try load(mix, threads: 1, slots: 2, bad: [3, 17, 40])
        for (threads, slots) in [(2, 3), (8, 5)] {
            let other = try load(mix, threads: threads, slots: slots, bad: [3, 17, 40])
            #expect(other.batches == one.batches && other.mixings == one.mixings)
        }
    }

    @Test func nothingIsMixedByDefaultNorInEvaluation() throws {
        #expect(try load("").mixings.allSatisfy { $0 == nil })
        let pipeline = try ViewPipelineTests.pipeline("mix: {mixup: {}}\n" + Self.branches)
        #expect(pipeline.mix != nil && pipeline.evaluation.mix == nil)
    }

    /// Chunks are smaller than a view here, and the last is cut.
    @Test func largeViewsAreMixedInChunks() throws {
        let size = Size(width: 61, height: 47)
        let mixer = BatchMixer(BatchMix(), seed: 0, capacity: 200)
        let length = 3 * size.area
        let source = (0..<3 * length).map { Float($0 % 1013) }
        for box in [nil, Region(x: 5, y: 3, width: 50, height: 40), Region(x: 5, y: 3, width: 0, height: 7)] {
            let mixing = Mixing(
                kind: box == nil ? .mixup : .cutmix, partners: [1, 2, 0], branches: [.init(lambda: 0.25, box: box)])
            var mixed = source
            mixed.withUnsafeMutableBufferPointer {
                mixer.apply(mixing, branch: 0, to: $0.baseAddress.unsafelyUnwrapped, size: size)
            }
            for index in source.indices {
                let (x, y) = (index % 61, index / 61 % 47)
                let other = source[mixing.partners[index / length] * length + index % length]
                let inside = box.map { Region(x: x, y: y, width: 1, height: 1).intersectionOverUnion($0) > 0 } ?? true
                let value = box == nil ? source[index] * 0.25 + other * 0.75 : inside ? other : source[index]
                #expect(mixed[index] == value)
            }
        }
    }

    /// The Beta distribution by its moments: mean 1/2, variance 1 / (4 (2 alpha + 1)), and the share below 1/10 by
    /// numerical integration for alpha 2: 3 (0.1)^2 - 2 (0.1)^3.
    @Test(arguments: [0.01, 0.2, 1, 2, 8])
    func lambdasAreBeta(_ alpha: Double) {
        var random = RandomStream(RandomKey(seed: 1, epoch: 0, sample: 0, purpose: .trunk))
        let draws = (0..<40_000).map { _ in random.beta(alpha) }
        #expect(draws.allSatisfy { $0 >= 0 && $0 <= 1 })
        let mean = draws.reduce(0, +) / 40_000
        let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40_000
        #expect(abs(mean - 0.5) < 0.01)
        #expect(abs(variance * 4 * (2 * alpha + 1) - 1) < 0.03)
        let low = Double(draws.count { $0 < 0.1 }) / 40_000
        if alpha == 1 { #expect(abs(low - 0.1) < 0.006) }
        if alpha == 2 { #expect(abs(low - 0.028) < 0.004) }
    }

    /// torchvision's rectangles for lambda 0.75, r = 0.25: cut where they reach past the view.
    @Test(arguments: [
        (0.5, 0.5, Region(x: 15, y: 8, width: 30, height: 14)), (0.0, 0.99, Region(x: 0, y: 22, width: 15, height: 8)),
    ])
    func rectanglesAreCutToTheView(_ x: Double, _ y: Double, _ box: Region) {
        let part = Mixing.Part(cutting: 0.75, x: x, y: y, of: Size(width: 60, height: 30))
        #expect(part.box == box && part.lambda == 1 - Double(box.size.area) / 1800)
    }

    @Test(arguments: [
        ("mix: {}", "x.yaml: mix: must have mixup, cutmix or both"),
        ("mix: {mixup: {alpha: 0}}", "x.yaml: mix.mixup.alpha: must be in 0.001...1000.0, is 0.0"),
        ("mix: {cutmix: {beta: 1}}", "x.yaml: mix.cutmix.beta: "),
        ("mix: {mixup: {}, p: 2}", "x.yaml: mix.p: must be in 0.0...1.0, is 2.0"),
    ])
    func whatCannotWorkIsAnError(text: String, expected: String) {
        do {
            _ = try ConfigurationReader(file: "x.yaml", text: text).read(ViewConfiguration.self)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description.hasPrefix(expected), "\(error.description)")
        }
    }
}
