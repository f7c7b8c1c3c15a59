import Torch
import Views

/// The device and the numbers of threads of a computation.
public struct Machine: Equatable, Sendable {
    /// The device of the network.
    public var device: Device
    /// The number of threads of an operation; it affects the rounding of sums.
    public var threads: Int
    /// The number of the loader's threads; it affects only the speed.
    public var loaderThreads: Int

    /// Describes a machine; the loader has `threads` threads by default.
    public init(device: Device, threads: Int, loaderThreads: Int? = nil) {
        self.device = device
        self.threads = threads
        self.loaderThreads = loaderThreads ?? threads
    }

    /// Moves a network here, with channels last, which is fastest everywhere. Sets libtorch's threads and a GPU's
    /// rounding for the whole process, and keeps the memory of a step for the next.
    public func prepare(_ network: any Module, precision: Precision = .float32) throws(TorchError) {
        Runtime.keepMemory()
        try Runtime.setThreads(threads)
        // With bfloat16, TF32 speeds up the operations that autocast leaves in float32.
        try Runtime.allowTF32(precision != .float32)
        try Runtime.searchAlgorithms(device != .cpu)
        try network.move(to: device, channelsLast: true)
    }

    /// The views of a branch as a tensor `[count * N, 3, H, W]`, valid until the loader's next batch.
    func tensor(_ batch: ViewBatch, branch index: Int) throws(TorchError) -> Tensor {
        let branch = batch.branches[index]
        let views = batch.views(branch: index)
        guard let memory = views.baseAddress else {
            throw TorchError(operation: "borrow", message: "the batch is empty")
        }
        let images = try Tensor.borrowing(
            memory, shape: [branch.count * batch.count, Image.channels, branch.size.height, branch.size.width],
            dtype: .float32, owner: batch)
        return try images.to(device: device).channelsLast()
    }
}
