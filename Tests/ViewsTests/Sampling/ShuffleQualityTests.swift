import Foundation
import Testing

@testable import Views

@Suite("Quality of shuffling")
struct ShuffleQualityTests {
    /// Images that are never read.
    private struct Listed: Source {
        var count: Int
        var runs: [Range<Int>]
        var classes: [String] { [] }
        var listing: SourceListing { SourceListing() }

        init(runs: Int, of length: Int) {
            count = runs * length
            self.runs = (0..<runs).map { $0 * length..<($0 + 1) * length }
        }

        func label(_ index: Int) -> Int? { nil }
        func name(_ index: Int) -> String { "\(index)" }
        func caption(_ index: Int) throws(DecodeError) -> String? { nil }
        func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {}
    }

    @Test("A uniformly random order has the figures that it has in the mean") func random() {
        let source = Listed(runs: 20, of: 500)
        for ranks in [1, 4] {
            let quality = ShuffleQuality(of: source, shuffle: .global, ranks: ranks, batch: 64 / ranks, seed: 1)
            #expect(quality.images == 10_000 && quality.runs == 20)
            #expect(quality.steps == Array(repeating: 10_000 / ranks / (64 / ranks), count: ranks))
            #expect(quality.sharedImages == 0)
            #expect(abs(quality.found.displacement - 1.0 / 3) < 0.01)
            // (500 - 1) / (10000 - 1), and 20 (1 - C(9500, 64) / C(10000, 64)).
            #expect(abs(quality.random.neighbours - 0.0499) < 1e-4)
            #expect(abs(quality.found.neighbours - quality.random.neighbours) < 0.01)
            #expect(abs(quality.random.runsInBatch - 19.256) < 0.01)
            #expect(abs(quality.found.runsInBatch - quality.random.runsInBatch) < 0.2)
            #expect(abs(quality.random.metAgain - 0.0063) < 1e-4)
            #expect(abs(quality.found.metAgain - quality.random.metAgain) < 0.001)
        }
    }

    @Test("Runs read one after another are seen as such") func runByRun() {
        let source = Listed(runs: 16, of: 64)
        let quality = ShuffleQuality(
            of: source, shuffle: .runs(source.runs, buffer: 1), ranks: 1, batch: 32, seed: 1)
        // 63 of the 64 images of a run follow one of it.
        #expect(abs(quality.found.neighbours - 1008.0 / 1023) < 1e-12)
        #expect(quality.found.runsInBatch == 1)
        // Batches are the halves of the runs, in every epoch.
        #expect(quality.found.metAgain == 1)
        let mixed = ShuffleQuality(
            of: source, shuffle: .runs(source.runs, buffer: 1024), ranks: 1, batch: 32, seed: 1)
        #expect(mixed.found.neighbours < 0.15 && mixed.found.runsInBatch > 12 && mixed.found.metAgain < 0.1)
    }

    @Test(
        "Ranks have as many steps and no image in common, and share runs at their borders only", arguments: [2, 3, 8])
    func ranks(_ count: Int) {
        let source = Listed(runs: 10, of: 100)
        let quality = ShuffleQuality(of: source, shuffle: .training(source), ranks: count, batch: 10, seed: 4)
        #expect(quality.steps == Array(repeating: 1000 / count / 10, count: count))
        #expect(quality.sharedImages == 0)
        #expect(quality.sharedRuns < count)
    }

    @Test func isReadBackAndSaysItsFigures() throws {
        let source = Listed(runs: 4, of: 50)
        let quality = ShuffleQuality(of: source, shuffle: .training(source), ranks: 2, batch: 8, seed: 4)
        let again = try JSONDecoder().decode(ShuffleQuality.self, from: JSONEncoder().encode(quality))
        #expect(again == quality)
        #expect(quality.description.contains("200 images in 4 runs; 2 ranks, 12, 12 steps of 8 images"))
    }
}
