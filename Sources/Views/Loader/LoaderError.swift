/// Why a loader delivers no more batches.
public enum LoaderError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is nothing to load.
    case empty(String)
    /// The pipeline and the options exclude each other.
    case invalid(InvalidSetting)
    /// There is no memory for the batches: the size of the failed allocation, and the reason.
    case memory(byteCount: Int, reason: String)
    /// The system lets this process start no thread.
    case threads
    /// An image cannot be used, and the policy is to fail.
    case badImage(DecodeError)
    /// More images than allowed cannot be used.
    case tooManyBad(bad: Int, total: Int, example: QuarantineRecord)
    /// The consumer holds all batches, so none can be filled; the number of batches.
    case allHeld(Int)
    /// `stop()` was called.
    case stopped

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .empty(let reason): reason
        case .memory(let byteCount, let reason): "no memory for a batch's views, \(byteCount) bytes: \(reason)"
        case .threads: "no thread can be started; the system's limit is reached (ulimit -u)"
        case .invalid(let setting): "\(setting.key): \(setting.reason)"
        case .badImage(let error): error.description
        case .tooManyBad(let bad, let total, let example):
            "\(bad) of \(total) images cannot be used, which is more than allowed; one is \(example)"
        case .allHeld(let batches):
            "all \(batches) batches of the loader are in use; release one, copy what is kept, or ask for more slots"
        case .stopped: "the loader was stopped"
        }
    }
}

/// What a loader does with an image that cannot be used.
public enum BadImagePolicy: Codable, Equatable, Sendable {
    /// Skips and records it; fails once more than `maximum` of the source's images are bad, 0...1.
    case skip(maximum: Double)
    /// Fails when its batch is due.
    case fail
}

/// An image that was skipped; one record for each image.
public struct QuarantineRecord: Codable, Equatable, Sendable, CustomStringConvertible {
    /// The image's position in its source.
    public let sample: Int
    /// Its name.
    public let name: String
    /// The kind of failure.
    public let kind: DecodeError.Kind
    /// What went wrong, in one line.
    public let reason: String
    /// The epoch in which it was first found.
    public let epoch: Int

    /// `name: reason`.
    public var description: String { "\(name): \(reason)" }
}
