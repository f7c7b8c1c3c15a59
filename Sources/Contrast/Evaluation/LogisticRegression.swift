import Torch

/// The objective of a multinomial logistic regression, `1/2 |W|^2 + C * sum_i -log softmax(W x_i)[y_i]`, in float64 on
/// the device of its inputs. The last input is 1, and its weight has no penalty.
///
/// Rows are processed in blocks, so that memory grows with rows plus classes, not with their product.
struct LogisticRegression {
    private let inputs: Tensor
    private let labels: Tensor
    /// One-hot classes, `[N, classes]`, float64; nil if there are several blocks.
    private let targets: Tensor?
    private let block: Int
    private let penalised: Tensor
    private let inverse: Tensor
    private let classes: Int
    private let cost: Double

    /// - Parameters:
    ///   - inputs: `[N, D + 1]`, float64; the last column is 1.
    ///   - labels: N classes in `0..<classes`.
    ///   - block: the number of rows of a block; nil to choose it by memory.
    init(
        inputs: Tensor, labels: [Int], classes: Int, cost: Double, block: Int? = nil
    ) throws(TorchError) {
        let device = inputs.device
        self.inputs = inputs
        self.classes = classes
        self.cost = cost
        self.labels = try Tensor(labels.map(Int64.init), shape: [labels.count]).to(device: device)
        let rows = block ?? LogisticRegression.block(classes: classes, on: device)
        self.block = rows
        targets = labels.count > rows ? nil : try self.labels.oneHot(classes).to(.float64)
        let width = inputs.shape[1]
        penalised = try Tensor((0..<width).map { $0 == width - 1 ? 0.0 : 1.0 }, shape: [1, width]).to(device: device)
        // If all classes are equally probable, the Hessian of class differences is C/K X^T X + the penalty.
        let curvature = try inputs.transpose(0, 1).matmul(inputs) * (cost / Double(classes))
        let penalty = try Tensor.eye(width, dtype: .float64, device: device) * penalised
        inverse = try LogisticRegression.inverse(curvature + penalty)
    }

    /// The number of rows of a block, with at most 64 MiB of logits in main memory or 1 GiB on a GPU.
    static func block(classes: Int, on device: Device) -> Int {
        max(1, (device == .cpu ? 1 << 23 : 1 << 27) / classes)
    }

    /// Searches for the minimum from zero weights.
    /// - Parameter progress: called with the number of evaluations done.
    func minimise(by search: LBFGS, progress: (Int) -> Void = { _ in }) throws(TorchError) -> LBFGS.Minimum {
        let start = [Double](repeating: 0, count: classes * inputs.shape[1])
        var evaluations = 0
        return try search.minimise(from: start, preconditioned: precondition) { point throws(TorchError) in
            evaluations += 1
            progress(evaluations)
            return try evaluate(point)
        }
    }

    private func precondition(_ gradient: [Double]) throws(TorchError) -> [Double] {
        try matrix(gradient).matmul(inverse).toArray()
    }

    /// A point as a matrix `[classes, D + 1]` on the device.
    func matrix(_ point: [Double]) throws(TorchError) -> Tensor {
        try Tensor(point, shape: [classes, inputs.shape[1]]).to(device: inputs.device)
    }

    /// The cross entropy, and its gradient with respect to the logits, softmax - target.
    /// - Parameter logs: log softmax of the rows from `start`, `[rows, classes]`.
    private func crossEntropy(
        _ logs: Tensor, from start: Int
    ) throws(TorchError) -> (loss: Double, gradient: Tensor) {
        if let targets { return (try -(logs * targets).sum().item(), try logs.exp() - targets) }
        let index = try labels.narrow(dim: 0, start: start, length: logs.shape[0]).reshape([-1, 1])
        let loss = try -logs.gather(dim: 1, index: index).sum().item()
        let one = try Tensor.full(index.shape, -1, dtype: .float64, device: logs.device)
        return (loss, try logs.exp().scatterAdd(dim: 1, index: index, source: one))
    }

    private func evaluate(_ point: [Double]) throws(TorchError) -> (value: Double, gradient: [Double]) {
        let weights = try matrix(point)
        let columns = try weights.transpose(0, 1)
        let shrunk = try weights * penalised
        var loss = 0.0
        var sum: Tensor?
        for start in stride(from: 0, to: inputs.shape[0], by: block) {
            let length = min(block, inputs.shape[0] - start)
            let rows = try inputs.narrow(dim: 0, start: start, length: length)
            let part = try crossEntropy(rows.matmul(columns).logSoftmax(dim: 1), from: start)
            loss += part.loss
            let product = try part.gradient.transpose(0, 1).matmul(rows)
            sum = if let sum { try sum + product } else { product }
        }
        let penalty = try 0.5 * (shrunk * shrunk).sum().item()
        let gradient = if let sum { try sum * cost + shrunk } else { shrunk }
        return (penalty + cost * loss, try gradient.toArray())
    }

    /// The approximate inverse of a symmetric positive definite matrix, by Newton's iteration `X <- X (2 - A X)`
    /// (Schulz 1933). It starts from a multiple of the identity, so that every iterate is positive definite, and needs
    /// only products, which are fast on a GPU.
    static func inverse(_ matrix: Tensor) throws(TorchError) -> Tensor {
        let width = matrix.shape[0]
        let identity = try Tensor.eye(width, dtype: matrix.dtype, device: matrix.device)
        // No eigenvalue is above the largest row sum.
        let bound = try matrix.abs().sum(dim: 1).max(dim: 0).item()
        guard bound.isFinite, bound > 0 else { return identity }
        var inverse = try identity / bound
        // Each step squares the error of an eigenvalue, so 40 steps suffice for those that are 1e-12 of the largest.
        for _ in 0..<40 {
            let product = try matrix.matmul(inverse)
            let next = try inverse.matmul(identity * 2 - product)
            // Rounding makes it unsymmetric, and the error would grow.
            inverse = try (next + next.transpose(0, 1)) * 0.5
            if try (product - identity).abs().reshape([-1]).max(dim: 0).item() < 1e-3 { break }
        }
        return inverse
    }
}
