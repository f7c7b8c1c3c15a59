import Torch

/// Why a run cannot start or continue, if no other error applies.
public struct TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Kind: String, Sendable {
        /// A setting does not fit the data or the run.
        case unusable
        /// The data do not suffice.
        case data
        /// The run itself failed.
        case failed
    }

    /// The kind of failure.
    public var kind: Kind
    /// The message in one line: what is wrong and what to do.
    public var reason: String

    /// Makes an error.
    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}

extension TorchError {
    /// The error with advice on what to lower, if memory ran out.
    func advising(_ experiment: Experiment) -> TrainingError {
        let training = experiment.training
        let chunk = training.chunk ?? training.batchSize
        let parts =
            chunk > 2
            ? "training.chunk (now \(training.chunk.map(String.init) ?? "all \(training.batchSize)"); "
                + "\(max(2, chunk / 4)) takes about a quarter of the activations), "
            : ""
        let words = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? message
        return TrainingError(
            .failed,
            "out of memory in \(operation): lower \(parts)training.batch_size (now \(training.batchSize)), the views' "
                + "size or encoder.\(experiment.encoder.name)'s width, then resume or start again; libtorch's error: "
                + "\(words.prefix(200))"
        )
    }
}
