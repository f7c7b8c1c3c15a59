import Foundation
import Testing

@testable import Views

@Suite("Looking at images of which some are damaged")
struct PassedOverTests {
    @Test func damagedImagesArePassedOverAndNamedAlike() throws {
        let root = try TemporaryFolder()
        for index in 0..<5 {
            let png = try Pictures.png(Pictures.picture(index))
            try root.write(["\(index).png"], index % 2 == 0 ? png.prefix(80) : png)
        }
        let folder = try ImageFolder(root.path)
        let pipeline = try ViewPipelineTests.pipeline("branches: [{count: 2, size: 8, steps: [resized_crop]}]")
        let sheet = try ContactSheet(pipeline: pipeline, seed: 1).sheet(of: folder, count: 8)
        #expect(sheet.images == 2 && sheet.skipped.map(\.path) == ["0.png", "2.png", "4.png"])
        let array = try ViewArray(pipeline: pipeline, seed: 1).make(folder, count: 8)
        #expect(array.images == 2 && array.values.count == 2 * 2 * 3 * 64 && array.skipped == sheet.skipped)
        // What is written is what the good ones alone give, but for the draws, which go by place.
        #expect(
            try ViewArray(pipeline: pipeline, seed: 1).make(folder, count: 1).values == Array(array.values.prefix(384)))
        #expect(throws: DecodeError.self) {
            try ViewArray(pipeline: pipeline, seed: 1).make(Subset(folder, indices: [0, 2]), count: 2)
        }
    }

    @Test func theLimitOfPixelsIsASetting() throws {
        let large = try ViewPipelineTests.pipeline("maximum_megapixels: 150")
        #expect(large.decoding.maximumPixels == 150_000_000 && large.evaluation.decoding == large.decoding)
        #expect(try ViewPipelineTests.pipeline("background: black").decoding.maximumPixels == 100_000_000)
        #expect(throws: (any Error).self) { try ViewPipelineTests.pipeline("maximum_megapixels: 0") }
    }
}
