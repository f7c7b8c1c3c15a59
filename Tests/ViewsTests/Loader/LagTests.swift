import Foundation
import Testing

@testable import Views

@Suite("Batches that stay valid", .timeLimit(.minutes(2)))
struct LagTests {
    private let pipeline: ViewPipeline

    init() throws {
        pipeline = try ViewPipelineTests.pipeline(
            "branches: [{count: 2, size: 12, steps: [resized_crop, {color_jitter: {hue: 0.2}}]}]")
    }

    /// Takes two epochs, and holds as many batches as may be held: none of them may change.
    private func deliver(
        _ source: FakeSource, lag: Int, slots: Int?, pixels: ViewPixels = .float32
    ) throws -> [Delivered] {
        let loader = try Loader(
            fake: source, pipeline: pipeline, batch: 5, shuffled: false, epochs: 0..<2, threads: 4, slots: slots,
            lag: lag, pixels: pixels)
        var delivered: [Delivered] = []
        var held: [(batch: ViewBatch, copy: Delivered)] = []
        for _ in 0..<2 {
            while let batch = try loader.next() {
                let copy = Delivered(batch)
                delivered.append(copy)
                held.append((batch, copy))
                if held.count > lag + 1 { held.removeFirst() }
                #expect(Set(held.map { ObjectIdentifier($0.batch) }).count == held.count)
                // Workers get the time to fill whatever they take to be free.
                Thread.sleep(forTimeInterval: 0.003)
                for (batch, copy) in held { #expect(Delivered(batch) == copy) }
            }
            // The end of an epoch counts like a batch, at most.
            for (batch, copy) in held.suffix(lag) { #expect(Delivered(batch) == copy) }
        }
        loader.stop()
        for (batch, copy) in held.suffix(lag) { #expect(Delivered(batch) == copy) }
        return delivered
    }

    @Test(arguments: [0, 1, 3], [nil, 1, 7])
    func batchesDoNotChangeWhileTheyAreHeld(lag: Int, slots: Int?) throws {
        let source = FakeSource(count: 48, bad: [3, 11, 12])
        let plain = try Loader(
            fake: source, pipeline: pipeline, batch: 5, shuffled: false, epochs: 0..<2, pixels: .uint8)
        let expected = try plain.epoch() + plain.epoch()
        #expect(try deliver(source, lag: lag, slots: slots, pixels: .uint8) == expected)
    }

    /// More batches in a row than there are slots hold nothing: they must neither end what is held nor use up the
    /// slots.
    @Test(arguments: 0...2)
    func batchesThatArePassedOverDoNotCount(lag: Int) throws {
        let delivered = try deliver(FakeSource(count: 70, bad: Set(15..<55)), lag: lag, slots: nil)
        #expect(delivered.map(\.index) == [0, 1, 2, 11, 12, 13, 0, 1, 2, 11, 12, 13])
    }

    @Test func whatIsNotHeldIsFilledAgain() throws {
        let loader = try Loader(
            fake: FakeSource(count: 1000), pipeline: pipeline, batch: 10, threads: 4, slots: 4, lag: 1)
        func images(after taken: Int) throws -> Int {
            for _ in 0..<taken { _ = try loader.next() }
            // What workers can fill they fill within this time or later, never too much.
            var last = -1
            while last != loader.statistics.images {
                last = loader.statistics.images
                Thread.sleep(forTimeInterval: 0.1)
            }
            return last
        }
        #expect(try images(after: 0) <= 40)
        #expect(try images(after: 2) <= 40)
        #expect(try images(after: 1) <= 50)
        while loader.statistics.images < 50 { Thread.sleep(forTimeInterval: 0.005) }
    }

    @Test func thereAreAlwaysSlotsForWhatIsHeldAndTwoMore() {
        func count(slots: Int?, lag: Int, bytes: Int) -> Int {
            var options = LoaderOptions()
            options.slots = slots
            options.lag = lag
            return options.slotCount(bytes: bytes)
        }
        #expect(count(slots: nil, lag: 0, bytes: 1000) == 4 && count(slots: nil, lag: 2, bytes: 1000) == 6)
        #expect(count(slots: nil, lag: 0, bytes: 1 << 30) == 2 && count(slots: nil, lag: 2, bytes: 1 << 30) == 4)
        #expect(count(slots: nil, lag: 2, bytes: 50 << 20) == 5)
        #expect(count(slots: 1, lag: 3, bytes: 1) == 5 && count(slots: 9, lag: 3, bytes: 1) == 9)
        #expect(throws: Never.self) {
            try Loader(fake: FakeSource(count: 9), pipeline: pipeline, batch: 2, slots: 0, lag: -5).next()
        }
    }
}
