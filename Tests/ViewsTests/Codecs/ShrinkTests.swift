import Foundation
import Testing

@testable import Views

@Suite("Decoding smaller")
struct ShrinkTests {
    /// A picture without hard edges, 320 by 240.
    private static let smooth: [UInt8] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return (try? [UInt8](Data(contentsOf: folder.appendingPathComponent("Fixtures/shrink/smooth.jpg")))) ?? []
    }()

    @Test(arguments: [2, 4, 8])
    func shrunkenPicturesAreNearTheMeanOfWhatTheyStandFor(shrink: Int) throws {
        let whole = try ImageDecoder().decode(Self.smooth).image
        let region = Region(x: 35, y: 50, width: 201, height: 99)
        let image = Image()
        try Self.smooth.withUnsafeBytes { bytes in
            _ = try ImageDecoder().decode(bytes, path: "", region: region, shrink: shrink, into: image)
        }
        #expect(image.shrink == shrink)
        #expect(image.window == region.cover(shrunkBy: shrink))
        #expect(image.whole == whole.size.shrunk(by: shrink))
        for channel in 0..<3 {
            for y in 0..<image.size.height {
                for x in 0..<image.size.width {
                    var sum = 0
                    for row in 0..<shrink {
                        for column in 0..<shrink {
                            let place =
                                ((image.window.y + y) * shrink + row) * 320 + (image.window.x + x) * shrink + column
                            sum += Int(whole.plane(channel)[place])
                        }
                    }
                    let mean = Double(sum) / Double(shrink * shrink)
                    #expect(abs(Double(image.plane(channel)[y * image.size.width + x]) - mean) <= 3)
                }
            }
        }
    }

    @Test(arguments: Picture.all.filter { $0.orientation > 1 && !$0.isLossless })
    func orientedPicturesAreTurnedTheSameWay(picture: Picture) throws {
        let whole = try ImageDecoder().decode(picture.bytes).image
        let half = Image()
        try picture.bytes.withUnsafeBytes { _ = try ImageDecoder().decode($0, path: "", shrink: 2, into: half) }
        #expect(half.whole == whole.size.shrunk(by: 2))
        var difference = 0
        for y in 0..<half.size.height {
            for x in 0..<half.size.width {
                let place = min(2 * y, whole.size.height - 1) * whole.size.width + min(2 * x, whole.size.width - 1)
                difference += abs(Int(half.plane(0)[y * half.size.width + x]) - Int(whole.plane(0)[place]))
            }
        }
        #expect(difference / half.size.area < 40)
    }

    @Test(arguments: ["rgb-8.png", "gray-8.png"])
    func otherFormatsComeAsTheyAre(name: String) throws {
        let picture = Picture.named(name)
        let image = Image()
        try picture.bytes.withUnsafeBytes { _ = try ImageDecoder().decode($0, path: "", shrink: 4, into: image) }
        #expect(image.shrink == 1)
        #expect(image.interleaved() == picture.pixels)
    }

    /// Fast views differ from exact ones by little, and not at all where the crop has no pixels to spare.
    @Test(arguments: [(size: 32, differs: true), (size: 200, differs: false)])
    func fastViewsAreNearExactOnes(size: Int, differs: Bool) throws {
        func pictures(_ mode: String) throws -> [[UInt8]] {
            let pipeline = try ViewPipelineTests.pipeline(
                "decode: \(mode)\nbranches: [{count: 4, size: \(size), steps: [{resized_crop: {scale: [0.3, 1]}}]}]")
            let maker = ViewMaker(pipeline: pipeline, decoder: CodecDecoder(DecodeOptions()))
            return try maker.pictures(of: OneSource(bytes: Self.smooth), sample: 0, seed: 5, epoch: 0)
                .map { $0.picture.interleaved() }
        }
        let (exact, fast) = (try pictures("exact"), try pictures("fast"))
        let distances = zip(exact, fast).flatMap { zip($0, $1).map { abs(Int($0) - Int($1)) } }
        let mean = Double(distances.reduce(0, +)) / Double(distances.count)
        #expect(differs ? mean > 0 && mean < 2 : mean == 0, "\(mean)")
    }
}

/// One image in memory.
private struct OneSource: Source {
    var bytes: [UInt8]
    var count: Int { 1 }
    var classes: [String] { [] }
    func label(_ index: Int) -> Int? { nil }
    func name(_ index: Int) -> String { "one" }
    func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        bytes.withUnsafeBytes { buffer.load($0) }
    }
}
