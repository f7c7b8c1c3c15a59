import Foundation
import Testing

@testable import Views

@Suite("Loaders", .timeLimit(.minutes(2)))
struct LoaderTests {
    private let pipeline: ViewPipeline

    init() throws {
        pipeline = try ViewPipelineTests.pipeline(
            """
            trunk: [{apply: {steps: [grayscale]}}]
            branches:
              - {count: 2, size: 12, steps: [resized_crop, horizontal_flip, {color_jitter: {brightness: 0.5, hue: 0.2}}]}
              - {count: 3, size: [5, 7], steps: [resized_crop, {apply: {steps: [gaussian_blur]}}]}
            """)
    }

    @Test func batchesAreBitEqualWithAnyNumberOfThreads() throws {
        let source = FakeSource(count: 61, bad: [3, 17, 40])
        func load(threads: Int, slots: Int) throws -> [Delivered] {
            let loader = try Loader(
                fake: source, pipeline: pipeline, batch: 8, epochs: 0..<2, threads: threads, slots: slots)
            return try loader.epoch() + loader.epoch()
        }
        let one = try load(threads: 1, slots: 2)
        #expect(try load(threads: 2, slots: 3) == one)
        #expect(try load(threads: 8, slots: 5) == one)
        let epochs: [Int] = one.map(\.epoch)
        #expect(epochs == [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
        let samples: [Int] = one[..<8].flatMap(\.samples).sorted()
        #expect(samples == (0..<61).filter { $0 != 3 && $0 != 17 && $0 != 40 })
        for batch in one { #expect(batch.labels == batch.samples.map { $0 % 2 }) }
    }

    @Test func epochsDifferInOrderAndInViews() throws {
        let loader = try Loader(
            fake: FakeSource(count: 30), pipeline: pipeline, batch: 30, epochs: 0..<2)
        let first = try #require(try loader.epoch().first)
        let second = try #require(try loader.epoch().first)
        #expect(first.samples != second.samples && first.samples.sorted() == second.samples.sorted())
        let length = 3 * 12 * 12
        func view(_ batch: Delivered, of sample: Int) -> ArraySlice<Float> {
            let row = batch.samples.firstIndex(of: sample) ?? 0
            return batch.views[0][row * length..<(row + 1) * length]
        }
        for sample in 0..<30 { #expect(Array(view(first, of: sample)) != Array(view(second, of: sample))) }
    }

    @Test func everyViewIsWhatItsRecipeReplays() throws {
        let source = FakeSource(count: 20, bad: [4])
        let loader = try Loader(fake: source, pipeline: pipeline, batch: 8, epochs: 3..<4)
        let canvas = Canvas()
        let decoder = FakeDecoder()
        while let batch = try loader.next() {
            for (row, sample) in batch.samples.enumerated() {
                let picture = Image()
                let bytes = source.pictures[sample]
                let size = Size(width: Int(bytes[0]), height: Int(bytes[1]))
                try bytes.withUnsafeBytes { try decoder.decode($0, region: Region(size), shrink: 1, into: picture) }
                for view in 0..<pipeline.viewCount {
                    let recipe = try pipeline.recipe(seed: 5, epoch: 3, sample: sample, view: view, input: size)
                    pipeline.apply(recipe, to: picture, on: canvas)
                    let length = 3 * canvas.picture.size.area
                    var expected = [Float](repeating: 0, count: length)
                    expected.withUnsafeMutableBufferPointer { buffer in
                        if let start = buffer.baseAddress { pipeline.normalize.write(canvas.picture, to: start) }
                    }
                    let branch = view < 2 ? 0 : 1
                    let place = (view - 2 * branch) * batch.count + row
                    let views = batch.views(branch: branch)
                    #expect(Array(views[place * length..<(place + 1) * length]) == expected)
                }
            }
        }
    }

    @Test func picturesAreWhatALoaderWouldDeliver() throws {
        let source = FakeSource(count: 6, bad: [5])
        let maker = ViewMaker(pipeline: pipeline, decoder: FakeDecoder())
        let batch = try #require(
            try Loader(fake: source, pipeline: pipeline, batch: 6, shuffled: false).epoch().first)
        let views = try maker.pictures(of: source, sample: 3, seed: 5, epoch: 0)
        #expect(views.count == 5)
        for (view, (recipe, picture)) in views.enumerated() {
            let length = 3 * picture.size.area
            var floats = [Float](repeating: 0, count: length)
            floats.withUnsafeMutableBufferPointer { buffer in
                if let start = buffer.baseAddress { pipeline.normalize.write(picture, to: start) }
            }
            let place = ((view < 2 ? view : view - 2) * 5 + 3) * length
            #expect(Array(batch.views[view < 2 ? 0 : 1][place..<place + length]) == floats)
            #expect(try maker.picture(of: source, recipe: recipe).interleaved() == picture.interleaved())
        }
        #expect(throws: DecodeError(.corrupt, path: "5.fake", reason: "has no rows")) {
            try maker.pictures(of: source, sample: 5, seed: 5, epoch: 0)
        }
        let good = views[1].recipe
        for (view, input) in [(1, Size(square: 900)), (0, good.input), (-1, good.input), (99, good.input)] {
            let key = RandomKey(seed: 5, epoch: 0, sample: 3, view: view)
            let other = Recipe(key: key, input: input, trunk: good.trunk, steps: good.steps)
            #expect(throws: DecodeError.self) { try maker.picture(of: source, recipe: other) }
        }
    }

    @Test func aRunResumesAtAnyBatch() throws {
        let source = FakeSource(count: 50)
        let whole = try Loader(fake: source, pipeline: pipeline, batch: 8, epochs: 0..<2)
        let first = try whole.epoch()
        let second = try whole.epoch()
        let resumed = try Loader(fake: source, pipeline: pipeline, batch: 8, epochs: 0..<2, from: 5)
        #expect(try resumed.epoch() == Array(first[5...]) && resumed.epoch() == second)
        let atTheEnd = try Loader(fake: source, pipeline: pipeline, batch: 8, epochs: 0..<2, from: 7)
        #expect(try atTheEnd.next() == nil)
        #expect(try atTheEnd.epoch() == second && atTheEnd.next() == nil && atTheEnd.next() == nil)
    }

    @Test func evaluationIsInOrderAndComplete() throws {
        let loader = try Loader(fake: FakeSource(count: 21), pipeline: pipeline, batch: 10, shuffled: false)
        #expect(try loader.epoch().map(\.samples) == [Array(0..<10), Array(10..<20), [20]])
        let dropping = try Loader(
            fake: FakeSource(count: 21), pipeline: pipeline, batch: 10, shuffled: false, dropLast: true)
        #expect(try dropping.epoch().map(\.samples) == [Array(0..<10), Array(10..<20)])
    }

    @Test func badImagesAreLeftOutOnceAndRecorded() throws {
        var pictures = FakeSource(count: 24, bad: [1, 8, 9, 10, 11, 12, 13, 14, 15]).pictures
        pictures[20] = []
        let loader = try Loader(
            fake: FakeSource(pictures: pictures), pipeline: pipeline, batch: 8, shuffled: false, epochs: 0..<2)
        let batches = try loader.epoch()
        // The batch that holds bad images only is passed over.
        #expect(batches.map(\.samples) == [[0, 2, 3, 4, 5, 6, 7], [16, 17, 18, 19, 21, 22, 23]])
        #expect(batches.map(\.index) == [0, 2])
        #expect(batches[0].views[0].count == 6048)
        let record = loader.quarantine[0]
        #expect(record == QuarantineRecord(sample: 1, name: "1.fake", kind: .corrupt, reason: "has no rows", epoch: 0))
        #expect(loader.quarantine.map(\.sample) == [1] + Array(8..<16) + [20])
        #expect(loader.quarantine.last?.kind == .unreadable)
        _ = try loader.epoch()
        #expect(loader.quarantine.count == 10)
        #expect(loader.statistics.failures == 20 && loader.statistics.images == 28)
    }

    @Test func whatIsLeftEqualsWhatAllWouldHaveBeen() throws {
        let good = try Loader(fake: FakeSource(count: 10), pipeline: pipeline, batch: 10, shuffled: false).epoch()[0]
        let some = try Loader(
            fake: FakeSource(count: 10, bad: [0, 4, 9]), pipeline: pipeline, batch: 10, shuffled: false
        )
        .epoch()[0]
        for (branch, views) in [(0, 2), (1, 3)] {
            let length = good.views[branch].count / (views * 10)
            for view in 0..<views {
                for (row, sample) in some.samples.enumerated() {
                    let found = some.views[branch].dropFirst((view * 7 + row) * length).prefix(length)
                    let expected = good.views[branch].dropFirst((view * 10 + sample) * length).prefix(length)
                    #expect(Array(found) == Array(expected))
                }
            }
        }
    }

    @Test func tooManyBadImagesEndTheRun() throws {
        let source = FakeSource(count: 40, bad: [5, 6, 30])
        let loader = try Loader(
            fake: source, pipeline: pipeline, batch: 10, shuffled: false, badImages: .skip(maximum: 0.05))
        for _ in 0..<3 { #expect(try loader.next() != nil) }
        let expected = LoaderError.tooManyBad(
            bad: 3, total: 40,
            example: .init(
                sample: 30, name: "30.fake", kind: .corrupt, reason: "has no rows", epoch: 0))
        for _ in 0..<2 { #expect(throws: expected) { try loader.next() } }
    }

    @Test(arguments: [1, 4])
    func underTheFailPolicyTheBatchOfABadImageFails(threads: Int) throws {
        let loader = try Loader(
            fake: FakeSource(count: 40, bad: [25, 27]), pipeline: pipeline, batch: 10, shuffled: false,
            threads: threads,
            badImages: .fail)
        #expect(try loader.next()?.index == 0 && loader.next()?.index == 1)
        let expected = LoaderError.badImage(DecodeError(.corrupt, path: "25.fake", reason: "has no rows"))
        for _ in 0..<2 { #expect(throws: expected) { try loader.next() } }
    }

    @Test func nothingButBadImagesEndsTheEpoch() throws {
        let loader = try Loader(
            fake: FakeSource(count: 12, bad: Set(0..<12)), pipeline: pipeline, batch: 5, epochs: 0..<2)
        #expect(try loader.next() == nil)
        #expect(try loader.next() == nil)
        #expect(loader.quarantine.count == 12)
    }

    @Test func stoppingEarlyLeavesNoWorkerBehind() throws {
        for taken in 0..<4 {
            let loader = try Loader(
                fake: FakeSource(count: 500), pipeline: pipeline, batch: 4, epochs: 0..<9, threads: 4, delay: 0.001)
            for _ in 0..<taken { _ = try loader.next() }
            loader.stop()
            #expect(throws: LoaderError.stopped) { try loader.next() }
            loader.stop()
        }
    }

    @Test func aLoaderThatIsLetGoEnds() throws {
        weak var gone: Loader?
        var kept: ViewBatch?
        do {
            let loader = try Loader(fake: FakeSource(count: 500), pipeline: pipeline, batch: 4, epochs: 0..<9)
            gone = loader
            kept = try loader.next()
        }
        #expect(gone == nil)
        #expect(kept?.views(branch: 0).count == 3456)
    }

    @Test func stoppingFromAnotherThreadWakesTheConsumer() throws {
        let loader = try Loader(
            fake: FakeSource(count: 50), pipeline: pipeline, batch: 50, threads: 1, delay: 0.05)
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.1)
            loader.stop()
        }
        #expect(throws: LoaderError.stopped) { try loader.next() }
    }

    @Test func aConsumerThatNeverTakesStopsTheWorkers() throws {
        let loader = try Loader(
            fake: FakeSource(count: 1000), pipeline: pipeline, batch: 10, epochs: 0..<100, threads: 4, slots: 3)
        // The ring is bounded: workers fill what there is and wait.
        while loader.statistics.images < 30 { Thread.sleep(forTimeInterval: 0.005) }
        Thread.sleep(forTimeInterval: 0.1)
        #expect(loader.statistics.images == 30)
        _ = try loader.next()
        _ = try loader.next()
        while loader.statistics.images < 40 { Thread.sleep(forTimeInterval: 0.005) }
        Thread.sleep(forTimeInterval: 0.05)
        #expect(loader.statistics.images == 40)
    }

    @Test func aBatchIsNotTouchedWhileItIsInUse() throws {
        let loader = try Loader(
            fake: FakeSource(count: 100), pipeline: pipeline, batch: 5, epochs: 0..<3, threads: 4, slots: 2)
        for _ in 0..<10 {
            let batch = try #require(try loader.next())
            let before = Delivered(batch)
            Thread.sleep(forTimeInterval: 0.01)
            #expect(Delivered(batch) == before)
        }
    }

    @Test func whatTakesTimeIsMeasured() throws {
        let loader = try Loader(
            fake: FakeSource(count: 20), pipeline: pipeline, batch: 20, threads: 1, delay: 0.002)
        _ = try loader.epoch()
        let statistics = loader.statistics
        #expect(statistics.images == 20 && statistics.bytes == 60 && statistics.decode >= 40_000_000)
        #expect(statistics.augment > 0 && statistics.normalize > 0)
        #expect(loader.waitSeconds > 0.02)
    }

    @Test func nothingToLoadIsAnError() throws {
        #expect(throws: LoaderError.empty("there are no images")) {
            try Loader(fake: FakeSource(count: 0), pipeline: pipeline, batch: 4)
        }
        #expect(throws: LoaderError.empty("there are 3 images, too few for a batch of 4")) {
            try Loader(fake: FakeSource(count: 3), pipeline: pipeline, batch: 4, dropLast: true)
        }
    }

    #if os(Linux)
    @Test func residentMemoryIsFlat() throws {
        func residentBytes() throws -> Int {
            let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
            return (Int(fields[1]) ?? 0) * 4096
        }
        let small = try ViewPipelineTests.pipeline("branches: [{size: 8, steps: [resized_crop, grayscale]}]")
        let loader = try Loader(
            fake: FakeSource(count: 200, bad: [7]), pipeline: small, batch: 10, epochs: 0..<60, threads: 4)
        for _ in 0..<10 { while try loader.next() != nil {} }
        let before = try residentBytes()
        for _ in 0..<50 { while try loader.next() != nil {} }
        // Other tests run meanwhile; 1000 batches of 15 kB that were kept would be twice as much.
        #expect(try residentBytes() - before < 8 << 20)
    }
    #endif
}
