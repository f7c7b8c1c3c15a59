import Torch
import Views

/// A loader's batches on the network's device.
///
/// For a GPU the next batch is copied during the present step: bytes, a quarter of the floats' size, from page-locked
/// memory; the GPU normalises them. On a CPU tensors borrow the loader's floats. Mixed views are floats for a GPU too.
final class DeviceFeed {
    private enum Ahead {
        case nothing
        case batch(ViewBatch, [Tensor])
        case endOfEpoch
    }

    let loader: Loader
    private let machine: Machine
    private let uploads: Uploads?
    private var ahead = Ahead.nothing
    private var current: [ViewTensor] = []

    /// - Parameter loader: made with `options(for:)`.
    init(_ loader: Loader, _ pipeline: ViewPipeline, _ machine: Machine) throws(TorchError) {
        self.loader = loader
        self.machine = machine
        let hasFloats = machine.device == .cpu || pipeline.mix != nil
        uploads = hasFloats ? nil : try Uploads(pipeline.normalize, machine.device)
    }

    /// Starts a loader of images and feeds its batches.
    /// - Parameters:
    ///   - batch: the first batch of the first epoch.
    ///   - maximumBad: the share of unusable images, 0...1, above which it stops.
    /// - Throws: `LoaderError`, `TorchError`.
    convenience init(
        _ images: any Source, _ pipeline: ViewPipeline, _ sampler: Sampler, seed: UInt64 = 0,
        epochs: Range<Int> = 0..<1, from batch: Int = 0, machine: Machine, maximumBad: Double
    ) throws {
        var options = DeviceFeed.options(for: machine, mixes: pipeline.mix != nil)
        options.badImages = .skip(maximum: maximumBad)
        try self.init(
            Loader(
                images, pipeline: pipeline, sampler: sampler, seed: seed, epochs: epochs, from: batch, options: options),
            pipeline, machine)
    }

    /// What a loader must be told so that its batches can be fed to a machine.
    /// - Parameter mixes: whether it mixes views.
    static func options(for machine: Machine, mixes: Bool = false) -> LoaderOptions {
        var options = LoaderOptions()
        options.threads = machine.loaderThreads
        guard machine.device != .cpu, !mixes else { return options }
        options.pixels = .uint8
        options.memory = PinnedBatches()
        // The next batch is copied while a step computes with the present one.
        options.lag = 1
        return options
    }

    /// The next batch; nil at the end of an epoch.
    /// - Throws: `LoaderError`, `TorchError`.
    func next() throws -> ViewBatch? {
        guard let uploads else { return try loader.next() }
        try prefetch()
        defer { ahead = .nothing }
        guard case .batch(let batch, let bytes) = ahead else { return nil }
        current = try uploads.finish(bytes, of: batch)
        return batch
    }

    /// Starts to copy the next batch to a GPU. Call it after the work on the present batch has been queued.
    func prefetch() throws {
        guard let uploads, case .nothing = ahead else { return }
        // The loader then reuses the memory of the batch before the present one.
        try uploads.wait()
        ahead = try loader.next().map { .batch($0, try uploads.begin($0)) } ?? .endOfEpoch
    }

    /// The views of the batch that `next` returned last, or on a CPU of any batch that the loader still keeps.
    func views(of batch: ViewBatch) throws(TorchError) -> [ViewTensor] {
        guard uploads == nil else { return current }
        var views: [ViewTensor] = []
        for (index, branch) in batch.branches.enumerated() {
            views.append(ViewTensor(images: try machine.tensor(batch, branch: index), count: branch.count))
        }
        return views
    }
}

/// Copies batches of bytes to a GPU and normalises them there.
private final class Uploads {
    private let stream: CopyStream
    private let factors: Tensor
    private let offsets: Tensor

    init(_ normalize: Normalize, _ device: Device) throws(TorchError) {
        stream = try CopyStream(device)
        let scale = normalize.affine
        factors = try Tensor(scale.map(\.factor), shape: [scale.count]).to(device: device)
        offsets = try Tensor(scale.map(\.offset), shape: [scale.count]).to(device: device)
    }

    func begin(_ batch: ViewBatch) throws(TorchError) -> [Tensor] {
        var copies: [Tensor] = []
        for (index, branch) in batch.branches.enumerated() {
            let bytes = batch.bytes(branch: index)
            guard let memory = bytes.baseAddress else {
                throw TorchError(operation: "upload", message: "the batch is empty")
            }
            let shape = [branch.count * batch.count, branch.size.height, branch.size.width, Image.channels]
            copies.append(
                try stream.upload(Tensor.borrowing(memory, shape: shape, dtype: .uint8, owner: batch)))
        }
        return copies
    }

    func wait() throws(TorchError) { try stream.wait() }

    func finish(_ copies: [Tensor], of batch: ViewBatch) throws(TorchError) -> [ViewTensor] {
        try stream.join()
        var views: [ViewTensor] = []
        for (bytes, branch) in zip(copies, batch.branches) {
            let images = try bytes.normalizedPictures(factors: factors, offsets: offsets)
            views.append(ViewTensor(images: images, count: branch.count))
        }
        return views
    }
}

/// Page-locked memory for a loader's batches.
struct PinnedBatches: BatchMemory {
    func allocate(byteCount: Int, alignment: Int) throws -> UnsafeMutableRawPointer {
        try PinnedMemory.allocate(byteCount: byteCount)
    }

    func free(_ pointer: UnsafeMutableRawPointer) { PinnedMemory.free(pointer) }
}
