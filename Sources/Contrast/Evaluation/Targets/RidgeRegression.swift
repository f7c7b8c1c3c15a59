import Torch

/// Linear regression with a penalty, in closed form: `w = (X^T X + penalty I)^-1 X^T (y - mean y)` on features that are
/// standardised with the training rows' mean and population standard deviation. Equals scikit-learn's `Ridge(alpha)`
/// after a `StandardScaler`.
struct RidgeRegression {
    /// Weights on standardised features, `[D, 1]`, float64.
    let weights: Tensor
    private let scaling: FeatureScaling
    private let intercept: Double

    /// Fits the weights.
    /// - Parameters:
    ///   - features: `[N, D]`, any floating type.
    ///   - values: N numbers.
    ///   - penalty: the weight of `|w|^2` against the squared errors.
    init(features: Tensor, values: [Double], penalty: Double) throws(TorchError) {
        let device = features.device
        scaling = try FeatureScaling(features)
        let middle = values.reduce(0, +) / Double(max(1, values.count))
        intercept = middle
        let inputs = try scaling(features)
        let targets = try Tensor(values.map { $0 - middle }, shape: [values.count, 1]).to(device: device)
        let width = features.shape[1]
        let matrix =
            try inputs.transpose(0, 1).matmul(inputs)
            + Tensor.eye(width, dtype: .float64, device: device) * penalty
        let right = try inputs.transpose(0, 1).matmul(targets)
        // The inverse has a relative error of 1e-3, and each refinement step multiplies the error by that.
        let inverse = try LogisticRegression.inverse(matrix)
        var solution = try inverse.matmul(right)
        for _ in 0..<8 { solution = try solution + inverse.matmul(right - matrix.matmul(solution)) }
        weights = solution
    }

    /// The predicted values of rows.
    func values(_ features: Tensor) throws(TorchError) -> [Double] {
        try (scaling(features).matmul(weights) + intercept).reshape([-1]).toArray()
    }
}

/// The errors of predicted values.
public struct RegressionScores: Codable, Equatable, Sendable {
    /// `1 - sum (y - f)^2 / sum (y - mean y)^2`: 1 is perfect, 0 is as good as the mean of the test images. If all y
    /// are equal it is 1 without errors, else 0, as in scikit-learn.
    public var r2: Double
    /// The mean of `|y - f|`.
    public var meanAbsoluteError: Double

    /// Compares predicted values with the true ones.
    init(found: [Double], wanted: [Double]) {
        let count = Double(max(1, wanted.count))
        let mean = wanted.reduce(0, +) / count
        let errors = zip(wanted, found).map { $0 - $1 }
        let spread = wanted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let missed = errors.reduce(0) { $0 + $1 * $1 }
        r2 = spread > 0 ? 1 - missed / spread : missed == 0 ? 1 : 0
        meanAbsoluteError = errors.reduce(0) { $0 + abs($1) } / count
    }
}
