import Torch

/// Standardises features by the mean and the population standard deviation of the training rows; constant features are
/// only centred. Equals scikit-learn's `StandardScaler`.
public struct FeatureScaling {
    /// The training rows' mean, `[D]`, float64.
    public let mean: Tensor
    /// The training rows' standard deviation, 1 for a constant feature, `[D]`, float64.
    public let std: Tensor

    /// Measures features `[N, D]` of any floating type, on their device.
    init(_ features: Tensor) throws(TorchError) {
        let rows = try features.detach().to(.float64)
        mean = try rows.mean(dim: 0)
        let spread = try (rows - mean).pow(2).mean(dim: 0).sqrt()
        // By rounding, the standard deviation of a constant column may differ from 0 by the last bit of its values.
        let noise = try mean.abs() * 1e-12 + 1e-30
        std = try Tensor.where(
            spread.gt(noise), spread, Tensor.ones(spread.shape, dtype: .float64, device: features.device))
    }

    /// Standardised features `[N, D]`, float64, on the device of the training rows.
    func callAsFunction(_ features: Tensor) throws(TorchError) -> Tensor {
        try (features.detach().to(device: mean.device).to(.float64) - mean) / std
    }
}
