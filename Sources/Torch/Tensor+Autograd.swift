import CTorch

extension Tensor {
    /// Whether operations on this tensor are recorded.
    public var requiresGrad: Bool { ctorch_requires_grad(handle) }

    /// Sets `requiresGrad`.
    public func setRequiresGrad(_ required: Bool = true) throws(TorchError) {
        try check("requires_grad", ctorch_set_requires_grad(handle, required))
    }

    /// Adds d(self)/d(leaf) to the gradient of every leaf that this scalar was computed from.
    public func backward() throws(TorchError) { try check("backward", ctorch_backward(handle)) }

    /// The gradient of the last `backward`; nil if there is none.
    public func grad() throws(TorchError) -> Tensor? {
        var gradient: ctorch_tensor?
        try check("grad", ctorch_grad(handle, &gradient))
        return gradient.map { Tensor($0) }
    }
}

/// Runs `body` without recording operations, on this thread.
public func withoutGradients<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let before = ctorch_grad_enabled()
    ctorch_set_grad_enabled(false)
    defer { ctorch_set_grad_enabled(before) }
    return try body()
}
