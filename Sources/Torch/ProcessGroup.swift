import CTorch

/// Why a process group cannot start, or why it failed.
public struct ProcessGroupError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Kind: Sendable {
        /// An environment variable is missing or invalid.
        case environment
        /// The ranks could not connect.
        case start
        /// A rank died, hangs, is unreachable, or ended with an error.
        case lost
    }

    /// The kind of failure.
    public var kind: Kind
    /// One line for the user.
    public var message: String

    /// Makes an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

/// The ranks of a job, over libtorch's c10d: a store on rank 0, and the backends Gloo and, for GPUs, NCCL.
///
/// All ranks must make the same calls in the same order, from one thread. When a rank dies, hangs or ends with an
/// error, the calls of all others throw an error with its index and reason: within seconds if its connections close,
/// after the timeout if it hangs.
public final class ProcessGroup {
    let handle: ctorch_group
    /// This process's index, from 0.
    public let rank: Int
    /// The number of processes.
    public let ranks: Int
    /// The backend for tensors on GPUs.
    public private(set) var backend = Backend.gloo
    private let timeout: Double
    private var barriers = 0

    /// Whether this build has process groups.
    public static var isAvailable: Bool { ctorch_group_available() }
    /// Whether this build has NCCL.
    public static var hasNCCL: Bool { ctorch_group_has_nccl() }

    /// Joins the other ranks.
    /// - Throws: `ProcessGroupError` unless all join before the timeout.
    public init(_ job: JobEnvironment) throws(ProcessGroupError) {
        var handle: ctorch_group?
        let status = ctorch_group_new(
            job.host, Int32(job.port), Int32(job.rank), Int32(job.ranks), Int64(job.timeout * 1000), &handle)
        guard status == 0, let handle else { throw ProcessGroupError(.start, String(cString: ctorch_error())) }
        self.handle = handle
        rank = job.rank
        ranks = job.ranks
        timeout = job.timeout
    }

    deinit {
        // After a failure a collective, and its thread, may never end.
        if !ctorch_group_failed(handle) { ctorch_group_free(handle) }
    }

    /// Makes NCCL the backend for tensors on this rank's GPU. All ranks must call it once, each with its own GPU.
    /// - Throws: `ProcessGroupError` if the GPUs cannot connect, or this build has no NCCL.
    public func useNCCL(on device: Device) throws(ProcessGroupError) {
        guard ctorch_group_use(handle, device.code) == 0 else {
            throw ProcessGroupError(.start, String(cString: ctorch_error()))
        }
        backend = .nccl
    }

    /// Waits until this rank's GPU is idle. Call it before you read the result of a collective of NCCL, which is
    /// meaningless if a rank was lost meanwhile.
    /// - Throws: `TorchError` if a rank was lost.
    public func synchronize() throws(TorchError) { try check("synchronize", ctorch_group_synchronize(handle)) }

    /// Runs work that may fail on this rank alone, and tells the other ranks the reason if it does.
    /// - Throws: what `body` throws; `ProcessGroupError` instead if another rank was the reason.
    public func guarding<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            guard !ctorch_group_failed(handle) else {
                throw (error as? TorchError).map { ProcessGroupError(.lost, $0.message) } ?? error
            }
            ctorch_group_report(handle, "\(error)")
            throw error
        }
    }

    /// The texts of all ranks, by rank.
    public func allGather(_ text: String) throws(TorchError) -> [String] {
        let own = Array(text.utf8)
        let lengths = try allGather([own.count]).map { $0[0] }
        let rows = try gather(Tensor(own, shape: [own.count]), counts: lengths)
        var bytes = try rows.toArray(UInt8.self)
        if Set(lengths).count == 1, let length = lengths.first {
            // Rows of equal number come in turn.
            bytes = (0..<ranks * length).map { bytes[$0 % length * ranks + $0 / length] }
        }
        var start = 0
        return lengths.map { length in
            defer { start += length }
            return String(decoding: bytes[start..<start + length], as: UTF8.self)
        }
    }

    /// Waits until rank 0 has made the same call, for instance after work that it does alone; at most ten times the
    /// timeout.
    public func waitForRankZero() throws(TorchError) {
        barriers += 1
        try check("barrier", ctorch_group_wait_for_rank_zero(handle, "barrier-\(barriers)", Int64(timeout * 10_000)))
    }

    /// The numbers of all ranks, by rank.
    public func allGather(_ numbers: [Int]) throws(TorchError) -> [[Int]] {
        var all = [Int64](repeating: 0, count: ranks * numbers.count)
        for (index, number) in numbers.enumerated() { all[rank * numbers.count + index] = Int64(number) }
        let sum = try Tensor(all, shape: [ranks, numbers.count])
        try allReduce(sum)
        let found = try sum.toArray(Int64.self).map { Int($0) }
        return (0..<ranks).map { Array(found[$0 * numbers.count..<($0 + 1) * numbers.count]) }
    }

    /// Sums a tensor over the ranks, in place, without a gradient. The result is bit-equal on all ranks.
    public func allReduce(_ tensor: Tensor) throws(TorchError) {
        try check("all_reduce", ctorch_group_all_reduce(handle, tensor.handle))
    }

    /// Overwrites tensors with rank 0's.
    public func broadcast(_ tensors: [Tensor]) throws(TorchError) {
        try check("broadcast", ctorch_group_broadcast(handle, tensors.map { $0.handle }, Int32(tensors.count)))
    }

    /// The rows `[n, ...]` of all ranks, with a gradient: that of the sum of all ranks' losses.
    ///
    /// Ranks that compute the same loss of all rows must therefore divide it by `ranks`.
    /// `counts` has the n of each rank. If they are equal, the ranks' rows are interleaved, as the images are.
    public func gather(_ rows: Tensor, counts: [Int]) throws(TorchError) -> Tensor {
        try make("gather") { ctorch_group_gather(handle, rows.handle, counts.wide, $0) }
    }

    /// From now on `backward` sums the gradients of these parameters over the ranks, in buckets of about `bucketBytes`.
    public func registerGradientHooks(_ parameters: [Parameter], bucketBytes: Int = 4 << 20) throws(TorchError) {
        try check(
            "register_hooks",
            ctorch_group_register_hooks(
                handle, parameters.map { $0.value.handle }, Int32(parameters.count), Int64(bucketBytes)))
    }

    /// Waits for the sums that `backward` started.
    public func finishGradients() throws(TorchError) { try check("all_reduce", ctorch_group_finish(handle)) }

    /// The bytes that this rank gave to collectives so far, and the seconds that it waited for them. NCCL's are not
    /// counted: there the GPU waits.
    public var traffic: (bytes: Int, seconds: Double) {
        var bytes: Int64 = 0
        var nanoseconds: Int64 = 0
        ctorch_group_traffic(handle, &bytes, &nanoseconds)
        return (Int(bytes), Double(nanoseconds) / 1e9)
    }
}

extension Module {
    /// Makes batch norm in training use the batches of all ranks.
    public func synchroniseBatchNorm(over group: ProcessGroup) {
        func visit(_ value: Any) {
            switch value {
            case let norm as BatchNorm: norm.group = group
            case let module as any Module: module.members.forEach { visit($0.value) }
            default:
                let mirror = Mirror(reflecting: value)
                if mirror.displayStyle == .optional, let some = mirror.children.first?.value { visit(some) }
            }
        }
        visit(self)
    }
}
