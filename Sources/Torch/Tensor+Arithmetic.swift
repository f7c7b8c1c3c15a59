import CTorch

extension Tensor {
    /// Element by element, shapes broadcast.
    public static func + (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary("add", CTORCH_ADD, b) }
    /// Element by element, shapes broadcast.
    public static func - (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary("sub", CTORCH_SUB, b) }
    /// Element by element, shapes broadcast.
    public static func * (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary("mul", CTORCH_MUL, b) }
    /// Element by element, shapes broadcast.
    public static func / (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary("div", CTORCH_DIV, b) }
    /// The same added everywhere.
    public static func + (a: Tensor, b: Double) throws(TorchError) -> Tensor {
        try a.scalar("add", CTORCH_ADD_SCALAR, b)
    }
    /// The same subtracted everywhere.
    public static func - (a: Tensor, b: Double) throws(TorchError) -> Tensor { try a + -b }
    /// Everything multiplied.
    public static func * (a: Tensor, b: Double) throws(TorchError) -> Tensor {
        try a.scalar("mul", CTORCH_MUL_SCALAR, b)
    }
    /// Everything divided.
    public static func / (a: Tensor, b: Double) throws(TorchError) -> Tensor { try a * (1 / b) }
    /// Everything negated.
    public static prefix func - (a: Tensor) throws(TorchError) -> Tensor { try a.unary("neg", CTORCH_NEG) }

    /// The matrix product, batched over leading dimensions.
    public func matmul(_ other: Tensor) throws(TorchError) -> Tensor { try binary("matmul", CTORCH_MATMUL, other) }
    /// True where elements are equal.
    public func eq(_ other: Tensor) throws(TorchError) -> Tensor { try binary("eq", CTORCH_EQ, other) }
    /// True where elements are greater.
    public func gt(_ other: Tensor) throws(TorchError) -> Tensor { try binary("gt", CTORCH_GT, other) }
    /// Each element to a power.
    public func pow(_ exponent: Double) throws(TorchError) -> Tensor { try scalar("pow", CTORCH_POW, exponent) }
    /// Each element, but at least the bound.
    public func clamp(min bound: Double) throws(TorchError) -> Tensor {
        try scalar("clamp_min", CTORCH_CLAMP_MIN, bound)
    }
    /// e to each element.
    public func exp() throws(TorchError) -> Tensor { try unary("exp", CTORCH_EXP) }
    /// Natural logarithms.
    public func log() throws(TorchError) -> Tensor { try unary("log", CTORCH_LOG) }
    /// Square roots.
    public func sqrt() throws(TorchError) -> Tensor { try unary("sqrt", CTORCH_SQRT) }
    /// Absolute values.
    public func abs() throws(TorchError) -> Tensor { try unary("abs", CTORCH_ABS) }
    /// max(x, 0).
    public func relu() throws(TorchError) -> Tensor { try unary("relu", CTORCH_RELU) }
    /// max(x, 0), overwriting these elements: for an intermediate result that nothing else needs.
    public func reluInPlace() throws(TorchError) -> Tensor { try unary("relu", CTORCH_RELU_IN_PLACE) }
    /// `x Phi(x)` with the normal distribution function, Hendrycks & Gimpel 2016, arXiv 1606.08415; exact, not by tanh.
    public func gelu() throws(TorchError) -> Tensor { try unary("gelu", CTORCH_GELU) }
    /// `2 / sqrt(pi)` times the integral of `e^{-t^2}` from 0.
    public func erf() throws(TorchError) -> Tensor { try unary("erf", CTORCH_ERF) }
    /// `1 / (1 + e^-x)`.
    public func sigmoid() throws(TorchError) -> Tensor { try unary("sigmoid", CTORCH_SIGMOID) }
    /// True where elements are neither infinite nor NaN.
    public func isFinite() throws(TorchError) -> Tensor { try unary("isfinite", CTORCH_ISFINITE) }
    /// The same memory without a gradient.
    public func detach() throws(TorchError) -> Tensor { try unary("detach", CTORCH_DETACH) }

    /// `value` where the mask is true.
    public func maskedFill(_ mask: Tensor, _ value: Double) throws(TorchError) -> Tensor {
        try make("masked_fill") { ctorch_masked_fill(handle, mask.handle, value, $0) }
    }

    /// `a` where the mask is true, else `b`.
    public static func `where`(_ mask: Tensor, _ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
        try make("where") { ctorch_where(mask.handle, a.handle, b.handle, $0) }
    }

    /// Rows on the unit sphere, `z / max(|z|, 1e-12)`, for `[N, D]`.
    public func normalizedRows() throws(TorchError) -> Tensor {
        try self / norm(dim: 1, keepdim: true).clamp(min: 1e-12)
    }

    private func binary(
        _ name: StaticString, _ operation: ctorch_binary_op, _ other: Tensor
    ) throws(TorchError) -> Tensor {
        try make(name) { ctorch_binary(operation, handle, other.handle, $0) }
    }

    private func scalar(
        _ name: StaticString, _ operation: ctorch_scalar_op, _ value: Double
    ) throws(TorchError) -> Tensor {
        try make(name) { ctorch_scalar(operation, handle, value, $0) }
    }

    private func unary(_ name: StaticString, _ operation: ctorch_unary_op) throws(TorchError) -> Tensor {
        try make(name) { ctorch_unary(operation, handle, $0) }
    }
}
