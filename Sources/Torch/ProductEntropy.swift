import CTorch

/// Cross entropies over the scores `s(i, j) = <x_i, y_j> scale` of rows, without their matrix.
///
/// Scores are computed in tiles that fit a core's cache, and are not stored: once for the running sums of their
/// exponentials, one number per anchor, and once more for the gradient. This needs memory for a few copies of the rows,
/// and less time than reading and writing the matrix. The gradient `dL/ds = (softmax - target) / n` is computed
/// together with the value, and reaches autograd as the gradient of `<x, gradient>`, whose value is subtracted again.
/// Compute a loss that needs no gradient under `withoutGradients`. The result does not depend on the number of threads.
/// A GPU computes blocks of rows by libtorch's operations.
public struct ProductEntropy: Sendable {
    /// The factor of all products, 1 / tau; positive.
    public var scale: Double
    /// Whether an anchor's candidates exclude its positive.
    public var decoupled = false
    /// The kernels; `.libtorch` computes on the CPU as on a GPU.
    var kernels = Kernels.fastest
    /// The number of scores that libtorch's operations hold at once; 0 for 256 MiB of them.
    var atOnce = 0

    /// Makes settings.
    public init(scale: Double, decoupled: Bool = false) {
        self.scale = scale
        self.decoupled = decoupled
    }

    /// Whether to use this for these rows, anchors first: float32 on the CPU, or on a GPU if there are more than
    /// `largestMatrix` scores.
    public static func serves(_ rows: Tensor...) -> Bool {
        guard
            rows.allSatisfy({ $0.dtype == .float32 && $0.shape.count == 2 && !$0.shape.contains(0) }),
            let first = rows.first, rows.allSatisfy({ $0.device == first.device })
        else { return false }
        return first.device == .cpu || first.shape[0] * (rows.map { $0.shape[0] }.max() ?? 0) > largestMatrix
    }

    /// Up to this many scores a GPU is faster with the whole matrix: 256 MiB, or 4,096 pairs of views.
    public static let largestMatrix = 1 << 26

    /// Over the 2N views z of N pairs, first views before second ones, the mean of
    /// `log sum_{j != i} e^{s(i, j)} - s(i, i+)`.
    /// - Throws: `TorchError` unless `z` is `[2N, D]`, float32, on one device.
    public func ofViews(_ z: Tensor) throws(TorchError) -> Tensor {
        let result = try loss(z, nil, settings(), gradients: isTraced(z) ? .first : .none)
        return try traced(result.loss, [(z, result.first)])
    }

    /// Over N rows x and the N rows y that belong to them, the mean of `log sum_j e^{s(i, j)} - s(i, i)`; with
    /// `symmetric` the mean of that and of the same over columns.
    /// `factor` is a scalar that multiplies the scores besides `scale`, and has a gradient too.
    /// - Throws: `TorchError` unless x and y are `[N, D]`, float32, on one device.
    public func ofPairs(
        _ x: Tensor, _ y: Tensor, symmetric: Bool = false, factor: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        let trace = isTraced(x) || isTraced(y) || factor.map(isTraced) ?? false
        var own = self
        if let factor { own.scale *= try factor.item() }
        let result = try loss(
            x, y, own.settings(columns: symmetric), gradients: isTraced(y) ? .both : trace ? .first : .none)
        var all = [(x, result.first), (y, result.second)]
        if let factor, let gradient = result.first {
            // Scores are linear in x as in the factor.
            all.append((factor, try inner(x.detach(), gradient) / factor.item()))
        }
        return try traced(result.loss, all)
    }

    /// Over N queries with the scores `positives`, `[N]`, of their keys, and K negatives that all queries share, the
    /// mean of `log(e^{p_i} + sum_j e^{s(i, j)}) - p_i`.
    /// - Throws: `TorchError` unless queries `[N, D]` and negatives `[K, D]` are float32, on one device.
    public func ofQueries(_ queries: Tensor, positives: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        let trace = isTraced(queries) || isTraced(positives) || isTraced(negatives)
        let result = try loss(
            queries, negatives, settings(extra: positives),
            gradients: isTraced(negatives) ? .both : trace ? .first : .none)
        return try traced(
            result.loss, [(queries, result.first), (negatives, result.second), (positives, result.extra)])
    }

    private func settings(columns: Bool = false, extra: Tensor? = nil) -> ctorch_entropy {
        ctorch_entropy(
            scale: scale, columns: columns, decoupled: decoupled, extra: extra?.handle,
            kernels: kernels.code, at_once: Int64(atOnce))
    }

    /// The gradients to compute: none, those of x and the positives' scores, or also that of y.
    private enum Gradients {
        case none, first, both
    }

    /// The loss, and the gradients of x, y and the positives' scores.
    private struct Result {
        var loss: Tensor
        var first: Tensor?
        var second: Tensor?
        var extra: Tensor?
    }

    private func loss(
        _ x: Tensor, _ y: Tensor?, _ settings: ctorch_entropy, gradients: Gradients
    ) throws(TorchError) -> Result {
        var first: ctorch_tensor?
        var second: ctorch_tensor?
        var extra: ctorch_tensor?
        let loss = try make("entropy_of_products") { loss in
            switch gradients {
            case .none: ctorch_entropy_of_products(x.handle, y?.handle, settings, loss, nil, nil, nil)
            case .first: ctorch_entropy_of_products(x.handle, y?.handle, settings, loss, &first, nil, &extra)
            case .both: ctorch_entropy_of_products(x.handle, y?.handle, settings, loss, &first, &second, &extra)
            }
        }
        return Result(
            loss: loss, first: first.map { Tensor($0) }, second: second.map { Tensor($0) },
            extra: extra.map { Tensor($0) })
    }

    private func isTraced(_ tensor: Tensor) -> Bool { ctorch_grad_enabled() && tensor.requiresGrad }

    private func inner(_ x: Tensor, _ gradient: Tensor) throws(TorchError) -> Tensor {
        try x.reshape([-1]).matmul(gradient.reshape([-1]))
    }

    /// The loss with the gradients of those tensors that are traced.
    private func traced(_ loss: Tensor, _ gradients: [(x: Tensor, gradient: Tensor?)]) throws(TorchError) -> Tensor {
        var result = loss
        for (x, gradient) in gradients where isTraced(x) {
            guard let gradient else { continue }
            let linear = try inner(x, gradient)
            result = try result + (linear - linear.detach())
        }
        return result
    }
}
