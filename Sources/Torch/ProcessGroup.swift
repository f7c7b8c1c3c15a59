import CTorch

/// Why processes cannot train together, or no longer.
public struct ProcessGroupError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Kind: Sendable {
        /// An environment variable is missing or makes no sense.
        case environment
        /// The ranks could not meet.
        case start
        /// A rank died, hangs, is out of reach, or ended with an error.
        case lost
    }

    /// The kind of failure.
    public var kind: Kind
    /// One line for people.
    public var message: String

    /// Makes an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

/// The processes that train together, over libtorch's c10d: a store on rank 0, Gloo's collectives, and NCCL's for GPUs.
///
/// All ranks make the same calls in the same order. A rank that dies, hangs or ends with an error ends the calls of all
/// others with its number and reason: within seconds where its connections close, after the timeout where it only hangs.
/// Only one thread may make calls.
public final class ProcessGroup {
    let handle: ctorch_group
    /// This process's number, from 0.
    public let rank: Int
    /// Processes in all.
    public let ranks: Int
    /// What carries tensors on GPUs.
    public private(set) var carrier = Carrier.gloo
    private let timeout: Double
    private var meetings = 0

    /// Whether this build can train with several processes.
    public static var isAvailable: Bool { ctorch_group_available() }
    /// Whether NCCL can carry what they compute on GPUs; else Gloo does.
    public static var hasNCCL: Bool { ctorch_group_has_nccl() }

    /// Meets the other ranks.
    /// - Throws: `ProcessGroupError` where they are not all there in time.
    public init(_ place: JobEnvironment) throws(ProcessGroupError) {
        var handle: ctorch_group?
        let status = ctorch_group_new(
            place.host, Int32(place.port), Int32(place.rank), Int32(place.ranks), Int64(place.timeout * 1000), &handle)
        guard status == 0, let handle else { throw ProcessGroupError(.start, String(cString: ctorch_error())) }
        self.handle = handle
        rank = place.rank
        ranks = place.ranks
        timeout = place.timeout
    }

    deinit {
        // After a failure a collective may be under way for ever, and its thread with it.
        if !ctorch_group_failed(handle) { ctorch_group_free(handle) }
    }

    /// Lets NCCL carry what lies on this rank's GPU from here on; all ranks call it once, each with a GPU of its own.
    /// - Throws: `ProcessGroupError` where the GPUs do not meet, or this build has no NCCL.
    public func useNCCL(on device: Device) throws(ProcessGroupError) {
        guard ctorch_group_use(handle, device.code) == 0 else {
            throw ProcessGroupError(.start, String(cString: ctorch_error()))
        }
        carrier = .nccl
    }

    /// Waits until this rank's GPU has done what it was given. Must precede what reads a number that came of a collective by
    /// NCCL: the number means nothing where a rank was lost meanwhile, and this says so.
    /// - Throws: `TorchError` where a rank was lost.
    public func settle() throws(TorchError) { try check("settle", ctorch_group_settle(handle)) }

    /// Runs what may fail on this rank alone: the others then hear why, and this rank hears of theirs.
    /// - Throws: what `body` throws; `ProcessGroupError` instead where another rank was the reason.
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

    /// Every rank's text, by rank.
    public func exchange(_ text: String) throws(TorchError) -> [String] {
        let own = Array(text.utf8)
        let lengths = try exchange([own.count]).map { $0[0] }
        let rows = try gather(Tensor(own, shape: [own.count]), counts: lengths)
        var bytes = try rows.toArray(UInt8.self)
        if Set(lengths).count == 1, let length = lengths.first {
            // Equal rows come in turns.
            bytes = (0..<ranks * length).map { bytes[$0 % length * ranks + $0 / length] }
        }
        var start = 0
        return lengths.map { length in
            defer { start += length }
            return String(decoding: bytes[start..<start + length], as: UTF8.self)
        }
    }

    /// Waits until rank 0 has called this as often, as after work that it does alone: for ten times the timeout.
    public func followFirst() throws(TorchError) {
        meetings += 1
        try check("follow", ctorch_group_follow(handle, "meeting-\(meetings)", Int64(timeout * 10_000)))
    }

    /// Every rank's numbers, by rank.
    public func exchange(_ numbers: [Int]) throws(TorchError) -> [[Int]] {
        var all = [Int64](repeating: 0, count: ranks * numbers.count)
        for (place, number) in numbers.enumerated() { all[rank * numbers.count + place] = Int64(number) }
        let sum = try Tensor(all, shape: [ranks, numbers.count])
        try allReduce(sum)
        let found = try sum.toArray(Int64.self).map { Int($0) }
        return (0..<ranks).map { Array(found[$0 * numbers.count..<($0 + 1) * numbers.count]) }
    }

    /// Adds a tensor over the ranks, in place, without a gradient; bit-equal on all of them.
    public func allReduce(_ tensor: Tensor) throws(TorchError) {
        try check("all_reduce", ctorch_group_all_reduce(handle, tensor.handle))
    }

    /// Overwrites tensors by rank 0's.
    public func broadcast(_ tensors: [Tensor]) throws(TorchError) {
        try check("broadcast", ctorch_group_broadcast(handle, tensors.map { $0.handle }, Int32(tensors.count)))
    }

    /// The rows `[n, ...]` of all ranks, with a gradient: the sum of what all ranks' losses say of this rank's rows.
    ///
    /// So the gradients of all ranks add up to that of the sum of their losses. Where each computes the same loss of all rows,
    /// each must therefore count for `1 / ranks`.
    /// `counts` has the n of each rank. If they are equal, the ranks' rows are interleaved, as the images are.
    public func gather(_ rows: Tensor, counts: [Int]) throws(TorchError) -> Tensor {
        try make("gather") { ctorch_group_gather(handle, rows.handle, counts.wide, $0) }
    }

    /// From now on adds the gradients of these parameters over the ranks, in buckets, while `backward` goes on.
    public func watch(_ parameters: [Parameter], bucketBytes: Int = 4 << 20) throws(TorchError) {
        try check(
            "watch",
            ctorch_group_watch(
                handle, parameters.map { $0.value.handle }, Int32(parameters.count), Int64(bucketBytes)))
    }

    /// Waits for the sums that `backward` began.
    public func finishGradients() throws(TorchError) { try check("all_reduce", ctorch_group_finish(handle)) }

    /// Bytes that this rank gave to collectives so far, and the seconds that it waited for them; for NCCL only a GPU waits.
    public var traffic: (bytes: Int, seconds: Double) {
        var bytes: Int64 = 0
        var nanoseconds: Int64 = 0
        ctorch_group_traffic(handle, &bytes, &nanoseconds)
        return (Int(bytes), Double(nanoseconds) / 1e9)
    }
}

extension Module {
    /// Lets batch norm in training see the values of all ranks; others are left as they are.
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
