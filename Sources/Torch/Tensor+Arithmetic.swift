import CTorch

extension Tensor {
    /// Elementwise sum of broadcast shapes.
    public static func + (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary("add", CTORCH_ADD, b) }
    /// Elementwise difference of broadcast shapes.
    public static func - (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary("sub", CTORCH_SUB, b) }
    /// Elementwise product of broadcast shapes.
    public static func * (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary("mul", CTORCH_MUL, b) }
    /// Elementwise quotient of broadcast shapes.
    public static func / (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary("div", CTORCH_DIV, b) }
    /// Adds a number to each element.
    public static func + (a: Tensor, b: Double) throws(TorchError) -> Tensor {
        try a.scalar("add", CTORCH_ADD_SCALAR, b)
    }
    /// Subtracts a number from each element.
    public static func - (a: Tensor, b: Double) throws(TorchError) -> Tensor { try a + -b }
    /// Multiplies each element by a number.
    public static func * (a: Tensor, b: Double) throws(TorchError) -> Tensor {
        try a.scalar("mul", CTORCH_MUL_SCALAR, b)
    }
    /// Divides each element by a number.
    public static func / (a: Tensor, b: Double) throws(TorchError) -> Tensor { try a * (1 / b) }
    /// Negates each element.
    public static prefix func - (a: Tensor) throws(TorchError) -> Tensor { try a.unary("neg", CTORCH_NEG) }

    /// The matrix product, batched over leading dimensions.
    public func matmul(_ other: Tensor) throws(TorchError) -> Tensor { try binary("matmul", CTORCH_MATMUL, other) }
    /// True where elements are equal.
    public func eq(_ other: Tensor) throws(TorchError) -> Tensor { try binary("eq", CTORCH_EQ, other) }
    /// True where elements are greater.
    public func gt(_ other: Tensor) throws(TorchError) -> Tensor { try binary("gt", CTORCH_GT, other) }
    /// Raises each element to a power.
    public func pow(_ exponent: Double) throws(TorchError) -> Tensor { try scalar("pow", CTORCH_POW, exponent) }
    /// Raises elements below a bound to the bound.
    public func clamp(min bound: Double) throws(TorchError) -> Tensor {
        try scalar("clamp_min", CTORCH_CLAMP_MIN, bound)
    }
    /// e^x of each element.
    public func exp() throws(TorchError) -> Tensor { try unary("exp", CTORCH_EXP) }
    /// The natural logarithm of each element.
    public func log() throws(TorchError) -> Tensor { try unary("log", CTORCH_LOG) }
    /// The square root of each element.
    public func sqrt() throws(TorchError) -> Tensor { try unary("sqrt", CTORCH_SQRT) }
    /// The absolute value of each element.
    public func abs() throws(TorchError) -> Tensor { try unary("abs", CTORCH_ABS) }
    /// max(x, 0).
    public func relu() throws(TorchError) -> Tensor { try unary("relu", CTORCH_RELU) }
    /// max(x, 0), in place: for an intermediate result that nothing else needs.
    public func reluInPlace() throws(TorchError) -> Tensor { try unary("relu", CTORCH_RELU_IN_PLACE) }
    /// `min(max(x, 0), 6)`, in place: for an intermediate result that nothing else needs.
    public func relu6InPlace() throws(TorchError) -> Tensor { try unary("relu6", CTORCH_RELU6_IN_PLACE) }
    /// `x Phi(x)` with the normal distribution function: Hendrycks & Gimpel 2016, arXiv 1606.08415, without
    /// approximation.
    public func gelu() throws(TorchError) -> Tensor { try unary("gelu", CTORCH_GELU) }
    /// `2 / sqrt(pi)` times the integral of `e^{-t^2}` from 0.
    public func erf() throws(TorchError) -> Tensor { try unary("erf", CTORCH_ERF) }
    /// The cosine of each element, in radians.
    public func cos() throws(TorchError) -> Tensor { try unary("cos", CTORCH_COS) }
    /// The sine of each element, in radians.
    public func sin() throws(TorchError) -> Tensor { try unary("sin", CTORCH_SIN) }
    /// `1 / (1 + e^-x)`.
    public func sigmoid() throws(TorchError) -> Tensor { try unary("sigmoid", CTORCH_SIGMOID) }
    /// True where elements are neither infinite nor NaN.
    public func isFinite() throws(TorchError) -> Tensor { try unary("isfinite", CTORCH_ISFINITE) }
    /// A tensor that shares the memory but has no gradient.
    public func detach() throws(TorchError) -> Tensor { try unary("detach", CTORCH_DETACH) }

    /// `value` where the mask is true.
    public func maskedFill(_ mask: Tensor, _ value: Double) throws(TorchError) -> Tensor {
        try make("masked_fill") { ctorch_masked_fill(handle, mask.handle, value, $0) }
    }

    /// `a` where the mask is true, else `b`.
    public static func `where`(_ mask: Tensor, _ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
        try make("where") { ctorch_where(mask.handle, a.handle, b.handle, $0) }
    }

    /// Rows `[N, D]` scaled to unit length, `z / max(|z|, 1e-12)`.
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
