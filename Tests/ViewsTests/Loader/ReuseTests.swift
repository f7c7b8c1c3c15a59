import Foundation
import Testing

@testable import Views

@Suite("Batches that the consumer releases", .timeLimit(.minutes(2)))
struct ReuseTests {
    private let pipeline: ViewPipeline

    init() throws {
        pipeline = try ViewPipelineTests.pipeline("branches: [{count: 2, size: 12, steps: [resized_crop]}]")
    }

    private func loader(count: Int = 60, slots: Int = 4, delay: TimeInterval = 0) throws -> Loader {
        try Loader(
            fake: FakeSource(count: count), pipeline: pipeline, batch: 5, shuffled: false, epochs: 0..<2, slots: slots,
            reuse: .afterRelease, delay: delay)
    }

    /// The next batch, for which a test waits as long as its time limit.
    private func next(_ loader: Loader) throws -> ViewBatch? {
        while true {
            switch try loader.next(within: 0.1) {
            case .batch(let batch): return batch
            case .endOfEpoch: return nil
            case .pending: continue
            }
        }
    }

    @Test func batchesStayUntilTheyAreReleasedInAnyOrder() throws {
        let plain = try Loader(fake: FakeSource(count: 60), pipeline: pipeline, batch: 5, shuffled: false)
        let expected = try plain.epoch()
        let loader = try loader()
        var delivered: [Delivered] = []
        var held: [(batch: ViewBatch, copy: Delivered)] = []
        while let batch = try next(loader) {
            delivered.append(Delivered(batch))
            held.append((batch, Delivered(batch)))
            Thread.sleep(forTimeInterval: 0.003)
            for (batch, copy) in held { #expect(Delivered(batch) == copy) }
            // The middle one first.
            if held.count == 3 { loader.release(held.remove(at: 1).batch) }
        }
        #expect(delivered == expected)
    }

    @Test func holdingAllIsAnErrorAfterWhichTheLoaderGoesOn() throws {
        let loader = try loader(slots: 3)
        var held = try (0..<3).compactMap { _ in try next(loader) }
        #expect(throws: LoaderError.allHeld(3)) { try loader.next(within: 10) }
        loader.release(held.removeLast())
        // What was released already is not released twice.
        loader.release(held[0])
        loader.release(held[0])
        #expect(try next(loader)?.index == 3)
        #expect(try next(loader)?.index == 4)
        #expect(throws: LoaderError.allHeld(3)) { try loader.next(within: 10) }
    }

    @Test func waitingEndsInTime() throws {
        let loader = try loader(delay: 0.3)
        guard case .pending = try loader.next(within: 0.001) else {
            Issue.record("a batch came before it can have been made")
            return
        }
        #expect(try next(loader)?.index == 0)
    }

    @Test func anEpochEndsOnceAndTheNextOneFollows() throws {
        let loader = try loader(count: 10)
        for epoch in 0..<2 {
            while let batch = try next(loader) {
                #expect(batch.epoch == epoch)
                loader.release(batch)
            }
        }
        #expect(try next(loader) == nil)
    }
}
