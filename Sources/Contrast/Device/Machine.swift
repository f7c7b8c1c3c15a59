import Torch
import Views

/// Where and with how many threads to compute.
public struct Machine: Equatable, Sendable {
    /// The device of the network.
    public var device: Device
    /// Threads of an operation; sums over them are rounded in another order where their number differs.
    public var threads: Int
    /// Threads of the loader, which change nothing but the speed.
    public var loaderThreads: Int

    /// Names a machine, with as many threads for the loader as for an operation where nothing else is said.
    public init(device: Device, threads: Int, loaderThreads: Int? = nil) {
        self.device = device
        self.threads = threads
        self.loaderThreads = loaderThreads ?? threads
    }

    /// Moves a network here, with channels last, which is fastest everywhere. Sets libtorch's threads and a GPU's rounding
    /// for the whole process, and keeps the memory of a step for the next.
    public func prepare(_ network: any Module, precision: Precision = .float32) throws(TorchError) {
        Runtime.keepMemory()
        try Runtime.setThreads(threads)
        // What autocast leaves in float32 gains by TF32 what the rest gains by bfloat16.
        try Runtime.allowTF32(precision != .float32)
        try Runtime.searchAlgorithms(device != .cpu)
        try network.move(to: device, channelsLast: true)
    }

    /// A branch's views as a tensor `[count * N, 3, H, W]`; valid until the loader's next batch.
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
