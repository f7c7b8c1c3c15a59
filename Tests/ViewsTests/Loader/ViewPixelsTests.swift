import Testing

@testable import Views

@Suite("Views as bytes", .timeLimit(.minutes(2)))
struct ViewPixelsTests {
    private static let graph = """
        trunk: [{apply: {steps: [grayscale]}}]
        normalize: {mean: [0.1, 0.5, 0.9], std: [0.2, 0.5, 1.5]}
        branches:
          - count: 2
            size: [13, 17]
            steps: [resized_crop, horizontal_flip, {color_jitter: {brightness: 0.5, hue: 0.2}}, gaussian_blur]
          - {count: 1, size: [1, 3], steps: [resized_crop]}
          - {count: 3, size: 16, steps: [resized_crop, {color_jitter: {contrast: 0.4, saturation: 0.4}}]}
        """

    private func load(_ pixels: ViewPixels, bad: Set<Int>, threads: Int = 2) throws -> [Delivered] {
        let loader = try Loader(
            fake: FakeSource(count: 29, bad: bad), pipeline: try ViewPipelineTests.pipeline(Self.graph), batch: 8,
            epochs: 0..<2, threads: threads, pixels: pixels)
        return try loader.epoch() + loader.epoch()
    }

    /// `[views * count, height, width, 3]` as `[views * count, 3, height, width]`, normalised as the kernel does it.
    private func normalized(_ bytes: [UInt8], area: Int) -> [Float] {
        var floats: [Float] = []
        for picture in 0..<bytes.count / (3 * area) {
            for (channel, (mean, std)) in [(0.1, 0.2), (0.5, 0.5), (0.9, 1.5)].enumerated() {
                let (factor, offset) = (Float(1 / (255 * std)), Float(-mean / std))
                for index in 0..<area {
                    floats.append(Float(bytes[(picture * area + index) * 3 + channel]) * factor + offset)
                }
            }
        }
        return floats
    }

    @Test(arguments: [Set<Int>(), [0, 7, 9, 20, 27, 28]], [1, 4])
    func bytesAreWhatFloatsWereNormalisedFrom(bad: Set<Int>, threads: Int) throws {
        let floats = try load(.float32, bad: bad)
        let bytes = try load(.uint8, bad: bad, threads: threads)
        #expect(bytes.count == floats.count && bytes.count == 8)
        for (one, other) in zip(bytes, floats) {
            #expect(one.samples == other.samples && one.labels == other.labels && one.index == other.index)
            for (branch, area) in [13 * 17, 3, 256].enumerated() {
                #expect(one.bytes[branch].count == [2, 1, 3][branch] * one.samples.count * 3 * area)
                #expect(normalized(one.bytes[branch], area: area) == other.views[branch])
            }
            #expect(Set(one.bytes[2]).count > 50)
        }
    }

    @Test func floatsAreTheDefaultAndABatchSaysWhatItHolds() throws {
        #expect(LoaderOptions().pixels == .float32)
        let pipeline = try ViewPipelineTests.pipeline(Self.graph)
        for pixels in ViewPixels.allCases {
            let loader = try Loader(fake: FakeSource(count: 4), pipeline: pipeline, batch: 4, pixels: pixels)
            #expect(try loader.next()?.pixels == pixels)
        }
    }

    @Test func bytesCannotBeMixed() throws {
        let pipeline = try ViewPipelineTests.pipeline("mix: {mixup: {}}\n" + Self.graph)
        let error = #expect(throws: LoaderError.self) {
            try Loader(fake: FakeSource(count: 4), pipeline: pipeline, batch: 4, pixels: .uint8)
        }
        #expect(error?.description == "mix: mixes floats, so the loader cannot deliver its views as bytes")
        // Views that are evaluated are not mixed.
        let loader = try Loader(fake: FakeSource(count: 4), pipeline: pipeline.evaluation, batch: 4, pixels: .uint8)
        #expect(try loader.next()?.bytes(branch: 0).count == 4 * 3 * 13 * 17)
    }

    #if os(Linux) || os(macOS)
    @Test(arguments: [ViewPixels.float32, .uint8])
    func theWrongKindIsAMistakeInTheProgram(_ pixels: ViewPixels) async {
        await #expect(processExitsWith: .failure) { [pixels] in
            let branch = try ViewPipelineTests.pipeline("branches: [{size: 8, steps: [resized_crop]}]").branches[0]
            let batch = try ViewBatch(branches: [branch], capacity: 1, pixels: pixels, from: HeapMemory())
            batch.begin(epoch: 0, index: 0, samples: [0], labels: [0])
            switch pixels {
            case .float32: _ = batch.bytes(branch: 0)
            case .uint8: _ = batch.views(branch: 0)
            }
        }
    }
    #endif
}
