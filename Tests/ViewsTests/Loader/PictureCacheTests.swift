import Testing

@testable import Views

@Suite("Caches of pictures", .timeLimit(.minutes(2)))
struct PictureCacheTests {
    private static let graph = """
        branches:
          - {count: 2, size: 12, steps: [resized_crop, horizontal_flip, {color_jitter: {brightness: 0.5, hue: 0.2}}]}
        """

    private func load(_ text: String, epochs: Int = 3, threads: Int = 2) throws -> (batches: [Delivered], bytes: [Int])
    {
        let loader = try Loader(
            fake: FakeSource(count: 61, bad: [3, 17]), pipeline: try ViewPipelineTests.pipeline(text), batch: 8,
            epochs: 0..<epochs, threads: threads)
        var batches: [Delivered] = []
        var bytes: [Int] = []
        for _ in 0..<epochs {
            batches += try loader.epoch()
            bytes.append(loader.statistics.bytes)
        }
        return (batches, bytes)
    }

    @Test(arguments: [1, 2, 8])
    func batchesAreThoseWithoutACache(threads: Int) throws {
        let plain = try load(Self.graph)
        let cached = try load(Self.graph + "\ncache: memory", threads: threads)
        #expect(cached.batches == plain.batches)
        #expect(plain.bytes[2] > plain.bytes[1])
        // Only the image that cannot be decoded is read again.
        #expect(cached.bytes[2] < plain.bytes[2] / 2)
    }

    @Test func whatDoesNotFitIsDecodedInEveryPass() throws {
        let cache = PictureCache(bytes: 3 * 100 + Image.slack + 10)
        #expect(cache.reserve(Size(width: 10, height: 10)))
        #expect(!cache.reserve(Size(width: 2, height: 2)))
        cache.release(Size(width: 10, height: 10))
        #expect(cache.reserve(Size(width: 10, height: 10)))
        let image = Image(capacity: 100)
        image.reshape(to: Size(width: 10, height: 10))
        cache.put(image, 70)
        #expect(cache.picture(70) === image)
        #expect(cache.picture(6) == nil)
    }

    @Test(arguments: [
        ("cache: {memory: {megabytes: 0}}", "cache.memory.megabytes"), ("cache: disk", "cache"),
        ("cache: memory\ndecode: fast", "cache"), ("decode: faster", "decode"),
    ])
    func nonsenseNamesItsPlace(setting: String, path: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            let reader = try ConfigurationReader(file: "p.yaml", text: Self.graph + "\n" + setting)
            _ = try reader.read(ViewConfiguration.self)
        }
        #expect(error?.path.hasPrefix(path) == true, "\(String(describing: error))")
    }
}
