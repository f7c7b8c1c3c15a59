import CTorch

/// Cross entropies over the scores `s(i, j) = <x_i, y_j> scale` of rows, without their matrix.
///
/// Scores are computed in tiles that fit a core's cache, and forgotten: once for the running sums of their exponentials, of
/// which a number for each anchor stays, and once more for the gradient. That needs memory for some copies of the rows, whatever
/// their number, and less time than the matrix takes to read and write. The gradient of the mean is known in closed form,
/// `dL/ds = (softmax - target) / n`, so it is computed together with the value and handed to autograd as that of
/// `<x, gradient>`, whose value is taken off again: a loss without a backward pass is computed under `withoutGradients`.
/// Sums have the same order whatever the number of threads. On a GPU the same goes for blocks of rows, by libtorch's operations.
public struct ProductEntropy: Sendable {
    /// What products are multiplied by, 1 / tau; positive.
    public var scale: Double
    /// Whether an anchor's positive is left out of its candidates.
    public var decoupled = false
    /// The kernels to compute with, `any`, `avx2` or `avx512`, or `blocks`, libtorch's operations on some rows at a time as on a
    /// GPU; by default the fastest that the processor runs.
    public var kernels: StaticString?
    /// Scores at once of `blocks`; 0 for 256 MiB of them.
    var atOnce = 0

    /// Makes settings.
    public init(scale: Double, decoupled: Bool = false) {
        self.scale = scale
        self.decoupled = decoupled
    }

    /// Whether to compute with these rows, anchors first: float32, on the CPU, or on a GPU where the matrix of scores would have more
    /// than `largestMatrix` numbers.
    public static func serves(_ rows: Tensor...) -> Bool {
        guard
            rows.allSatisfy({ $0.dtype == .float32 && $0.shape.count == 2 && !$0.shape.contains(0) }),
            let first = rows.first, rows.allSatisfy({ $0.device == first.device })
        else { return false }
        return first.device == .cpu || first.shape[0] * (rows.map { $0.shape[0] }.max() ?? 0) > largestMatrix
    }

    /// Up to so many scores, 256 MiB, a GPU is faster with the whole matrix, in fewer operations: those of 4,096 pairs of views.
    public static let largestMatrix = 1 << 26

    /// Over the 2N views z of N pairs, first views before second ones, the mean of `log sum_{j != i} e^{s(i, j)} - s(i, i+)`.
    /// - Throws: `TorchError` unless `z` is `[2N, D]`, float32, on one device.
    public func ofViews(_ z: Tensor) throws(TorchError) -> Tensor {
        let (value, slopes) = try loss(z, nil, settings(), wanting: [isTraced(z), false, false])
        return try traced(value, [(z, slopes[0])])
    }

    /// Over N rows x and the N rows y that belong to them, the mean of `log sum_j e^{s(i, j)} - s(i, i)`; with `symmetric` the
    /// mean of that and of the same over columns.
    /// `factor` is a scalar that multiplies the scores besides `scale`, and has a gradient too.
    /// - Throws: `TorchError` unless x and y are `[N, D]`, float32, on one device.
    public func ofPairs(
        _ x: Tensor, _ y: Tensor, symmetric: Bool = false, factor: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        let trace = isTraced(x) || isTraced(y) || factor.map(isTraced) ?? false
        var own = self
        if let factor { own.scale *= try factor.item() }
        let (value, slopes) = try loss(
            x, y, own.settings(columns: symmetric), wanting: [trace, isTraced(y), false])
        var all: [(Tensor, Tensor?)] = [(x, slopes[0]), (y, slopes[1])]
        if let factor, let slope = slopes[0] {
            // Scores are linear in x as in the factor.
            all.append((factor, try inner(x.detach(), slope) / factor.item()))
        }
        return try traced(value, all)
    }

    /// Over N queries with the scores `positives`, `[N]`, of their keys, and K negatives that all queries share, the mean of
    /// `log(e^{p_i} + sum_j e^{s(i, j)}) - p_i`.
    /// - Throws: `TorchError` unless queries `[N, D]` and negatives `[K, D]` are float32, on one device.
    public func ofQueries(_ queries: Tensor, positives: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        let trace = isTraced(queries) || isTraced(positives) || isTraced(negatives)
        let (value, slopes) = try loss(
            queries, negatives, settings(extra: positives), wanting: [trace, isTraced(negatives), trace])
        return try traced(value, Array(zip([queries, negatives, positives], slopes)))
    }

    private func settings(columns: Bool = false, extra: Tensor? = nil) -> ctorch_entropy {
        ctorch_entropy(
            scale: scale, columns: columns, decoupled: decoupled, extra: extra?.handle,
            kernels: kernels.map { UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self) },
            at_once: Int64(atOnce))
    }

    /// The value, and the gradients that are wanted: for x, for y, for the positives' scores.
    private func loss(
        _ x: Tensor, _ y: Tensor?, _ settings: ctorch_entropy, wanting: [Bool]
    ) throws(TorchError) -> (value: Tensor, slopes: [Tensor?]) {
        var handles = [ctorch_tensor?](repeating: nil, count: wanting.count)
        var value: ctorch_tensor?
        let status = handles.withUnsafeMutableBufferPointer { memory in
            let places = wanting.indices.map { place in wanting[place] ? memory.baseAddress.map { $0 + place } : nil }
            return ctorch_entropy_of_products(x.handle, y?.handle, settings, &value, places[0], places[1], places[2])
        }
        try check("entropy_of_products", status)
        guard let value else { throw TorchError(operation: "entropy_of_products", message: "gave no tensor") }
        return (Tensor(value), handles.map { $0.map { Tensor($0) } })
    }

    private func isTraced(_ tensor: Tensor) -> Bool { ctorch_grad_enabled() && tensor.requiresGrad }

    private func inner(_ x: Tensor, _ gradient: Tensor) throws(TorchError) -> Tensor {
        try x.reshape([-1]).matmul(gradient.reshape([-1]))
    }

    /// The value with the gradients of what is traced.
    private func traced(_ value: Tensor, _ slopes: [(x: Tensor, slope: Tensor?)]) throws(TorchError) -> Tensor {
        var result = value
        for (x, slope) in slopes where isTraced(x) {
            guard let slope else { continue }
            let linear = try inner(x, slope)
            result = try result + (linear - linear.detach())
        }
        return result
    }
}
