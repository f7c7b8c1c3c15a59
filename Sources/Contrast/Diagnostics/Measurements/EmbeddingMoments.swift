import Torch

/// Standard deviations and correlations of the dimensions of first views, with jackknife intervals.
///
/// At most 1024 rows if there are more than 512 dimensions, and the first 1024 dimensions of more.
public struct EmbeddingMoments: Sendable {
    /// The mean over dimensions of the standard deviation of embeddings as the head gives them, over N - 1.
    public let std: Measured
    /// The same of unit rows, times the square root of D: 1 if they point everywhere alike, 0 if they are one point
    /// (Chen & He 2021, arXiv 2011.10566, figure 2).
    public let unitStd: Measured
    /// The mean squared correlation of two dimensions, less `1 / (N - 1)`, which independent ones have: 1 if all
    /// dimensions are one, 0 if none repeats another.
    public let redundancy: Measured

    init(_ views: UnitViews) throws(TorchError) {
        let width = min(views.dimension, 1024)
        let count = views.dimension > 512 ? min(views.count, 1024) : views.count
        let scale = Double(views.dimension).squareRoot()
        func rows(_ all: Tensor) throws(TorchError) -> Tensor {
            try all.narrow(dim: 0, start: 0, length: count).narrow(dim: 1, start: 0, length: width)
        }
        let (plain, unit) = (try rows(views.plain), try rows(views.first))
        func measure(_ plain: Tensor, _ unit: Tensor) throws(TorchError) -> [Double] {
            let rows = Double(plain.shape[0])
            let centred = try plain - plain.mean(dim: 0, keepdim: true)
            let variances = try centred.pow(2).sum(dim: 0, keepdim: true) / (rows - 1)
            let unitCentred = try unit - unit.mean(dim: 0, keepdim: true)
            let unitStd = try (unitCentred.pow(2).sum(dim: 0) / (rows - 1)).sqrt().mean().item() * scale
            let std = try variances.sqrt().mean().item()
            guard width > 1 else { return [std, unitStd, 0] }
            let standard = try centred / (variances.sqrt() + 1e-12)
            let correlations = try standard.transpose(0, 1).matmul(standard) / (rows - 1)
            let squares = try correlations.pow(2).sum() - correlations.diagonal().pow(2).sum()
            return [std, unitStd, max(0, try squares.item() / Double(width * (width - 1)) - 1 / (rows - 1))]
        }
        let all = try measure(plain, unit)
        var parts: [[Double]] = []
        let groups = width > 256 ? 4 : 10
        for group in 0..<groups {
            let (start, end) = (group * count / groups, (group + 1) * count / groups)
            func rest(_ rows: Tensor) throws(TorchError) -> Tensor {
                try Tensor.cat(
                    [
                        rows.narrow(dim: 0, start: 0, length: start),
                        rows.narrow(dim: 0, start: end, length: count - end),
                    ], dim: 0)
            }
            parts.append(try measure(rest(plain), rest(unit)))
        }
        let measured = all.indices.map { index in Measured(all[index], without: parts.map { $0[index] }, least: 0) }
        (std, unitStd, redundancy) = (measured[0], measured[1], measured[2])
    }
}
