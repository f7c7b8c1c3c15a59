/// Why a loader gives no more batches.
public enum LoaderError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is nothing to load.
    case empty(String)
    /// The pipeline and the options do not go together.
    case invalid(InvalidSetting)
    /// There is no memory for the batches: what one of their allocations asked for, and why it failed.
    case memory(byteCount: Int, reason: String)
    /// The system lets this process start no thread.
    case threads
    /// An image cannot be used, and the policy is to fail.
    case badImage(DecodeError)
    /// More images cannot be used than allowed.
    case tooManyBad(bad: Int, total: Int, example: QuarantineRecord)
    /// The consumer holds all batches, so none can be filled; how many there are.
    case allHeld(Int)
    /// `stop()` was called.
    case stopped

    /// One line for people.
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
    /// Leaves it out and records it; fails once more than `maximum` of the source's images are bad, 0...1.
    case skip(maximum: Double)
    /// Fails at its batch.
    case fail
}

/// An image that was left out, once for each image.
public struct QuarantineRecord: Codable, Equatable, Sendable, CustomStringConvertible {
    /// The image's position in its source.
    public let sample: Int
    /// Its name.
    public let name: String
    /// The kind of failure.
    public let kind: DecodeError.Kind
    /// One line for people.
    public let reason: String
    /// The epoch in which it was first met.
    public let epoch: Int

    /// `name: reason`.
    public var description: String { "\(name): \(reason)" }
}
