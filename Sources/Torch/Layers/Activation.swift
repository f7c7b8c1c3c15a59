import CTorch

/// The activation after a layer.
public enum Activation: Sendable {
    /// No activation.
    case none
    /// `max(x, 0)`.
    case relu
    /// `min(max(x, 0), 6)`: Howard et al. 2017, arXiv 1704.04861.
    case relu6

    var code: ctorch_activation {
        switch self {
        case .none: CTORCH_NO_ACTIVATION
        case .relu: CTORCH_RELU_AFTER
        case .relu6: CTORCH_RELU6_AFTER
        }
    }

    /// Applies it in place, to a result that nothing else needs.
    func inPlace(_ x: Tensor) throws(TorchError) -> Tensor {
        switch self {
        case .none: x
        case .relu: try x.reluInPlace()
        case .relu6: try x.relu6InPlace()
        }
    }
}
