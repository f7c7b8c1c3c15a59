import CTorch

/// An error of libtorch, with its message.
public struct TorchError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The operation that failed, for example `matmul`.
    public var operation: String
    /// libtorch's message.
    public var message: String

    /// Makes an error.
    public init(operation: String, message: String) {
        self.operation = operation
        self.message = message
    }

    /// Whether there was too little memory, on the machine or on its GPU.
    public var isOutOfMemory: Bool {
        ["out of memory", "not enough memory", "allocate memory", "bad_alloc", "CUBLAS_STATUS_ALLOC_FAILED"]
            .contains { message.contains($0) }
    }

    /// `operation: message`.
    public var description: String { "\(operation): \(message)" }
}

/// Throws libtorch's last message if a call failed.
func check(_ operation: StaticString, _ status: ctorch_status) throws(TorchError) {
    guard status == 0 else {
        throw TorchError(operation: "\(operation)", message: String(cString: ctorch_error()))
    }
}

/// Runs a call that makes a tensor.
func make(
    _ operation: StaticString, _ call: (UnsafeMutablePointer<ctorch_tensor?>) -> ctorch_status
) throws(TorchError) -> Tensor {
    var handle: ctorch_tensor?
    try check(operation, call(&handle))
    guard let handle else { throw TorchError(operation: "\(operation)", message: "gave no tensor") }
    return Tensor(handle)
}
