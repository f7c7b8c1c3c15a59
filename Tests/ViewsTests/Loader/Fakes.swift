import Foundation

@testable import Views

/// Pictures of three bytes: width, height and a seed; those of height 0 are corrupt, those of no bytes unreadable.
struct FakeSource: Source {
    let pictures: [[UInt8]]
    var classes: [String] { ["even", "odd"] }
    var count: Int { pictures.count }

    /// `count` pictures of all extents; those whose index is in `bad` are corrupt.
    init(count: Int, bad: Set<Int> = []) {
        pictures = (0..<count).map { index in
            [UInt8(20 + index % 37), bad.contains(index) ? 0 : UInt8(20 + index % 23), UInt8(index % 251)]
        }
    }

    init(pictures: [[UInt8]]) { self.pictures = pictures }

    func label(_ index: Int) -> Int? { index % 2 }
    func name(_ index: Int) -> String { "\(index).fake" }

    func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        guard !pictures[index].isEmpty else {
            throw DecodeError(.unreadable, path: name(index), reason: "permission denied")
        }
        pictures[index].withUnsafeBytes { buffer.load($0) }
    }
}

final class FakeDecoder: PictureDecoder {
    /// What every picture takes, for tests of slow workers.
    private let delay: TimeInterval

    init(delay: TimeInterval = 0) { self.delay = delay }

    func size(of bytes: UnsafeRawBufferPointer) throws(DecodeError) -> Size {
        guard bytes[1] > 0 else { throw DecodeError(.corrupt, path: "", reason: "has no rows") }
        return Size(width: Int(bytes[0]), height: Int(bytes[1]))
    }

    func decode(_ bytes: UnsafeRawBufferPointer, region: Region, shrink: Int, into image: Image) throws(DecodeError) {
        if delay > 0 { Thread.sleep(forTimeInterval: delay) }
        image.reshape(toHold: region, of: try size(of: bytes))
        for channel in 0..<Image.channels {
            let plane = image.plane(channel)
            for y in 0..<region.height {
                for x in 0..<region.width {
                    let level = (x + region.x) * 7 + (y + region.y) * 13 + channel * 29 + Int(bytes[2])
                    plane[y * region.width + x] = UInt8(truncatingIfNeeded: level)
                }
            }
        }
    }
}

/// All that a loader delivers, copied.
struct Delivered: Equatable {
    var epoch: Int
    var index: Int
    var samples: [Int]
    var labels: [Int]
    var views: [[Float]]
    var bytes: [[UInt8]]

    init(_ batch: ViewBatch) {
        epoch = batch.epoch
        index = batch.index
        samples = batch.samples
        labels = batch.labels
        let branches = batch.branches.indices
        views = batch.pixels == .float32 ? branches.map { Array(batch.views(branch: $0)) } : []
        bytes = batch.pixels == .uint8 ? branches.map { Array(batch.bytes(branch: $0)) } : []
    }
}

extension Loader {
    /// A loader of fake pictures.
    convenience init(
        fake source: FakeSource, pipeline: ViewPipeline, batch: Int, shuffled: Bool = true, dropLast: Bool = false,
        epochs: Range<Int> = 0..<1, from first: Int = 0, threads: Int = 2, slots: Int? = nil, lag: Int = 0,
        reuse: BatchReuse = .afterNext, pixels: ViewPixels = .float32, memory: any BatchMemory = HeapMemory(),
        badImages: BadImagePolicy = .skip(maximum: 1), delay: TimeInterval = 0
    ) throws(LoaderError) {
        var options = LoaderOptions()
        options.threads = threads
        options.slots = slots
        options.lag = lag
        options.reuse = reuse
        options.pixels = pixels
        options.memory = memory
        options.badImages = badImages
        try self.init(
            source, pipeline: pipeline,
            sampler: Sampler(count: source.count, batch: batch, seed: shuffled ? 11 : nil, dropLast: dropLast), seed: 5,
            epochs: epochs, from: first, options: options, decoder: { FakeDecoder(delay: delay) })
    }

    /// The rest of the epoch.
    func epoch() throws(LoaderError) -> [Delivered] {
        var result: [Delivered] = []
        while let batch = try next() { result.append(Delivered(batch)) }
        return result
    }
}
