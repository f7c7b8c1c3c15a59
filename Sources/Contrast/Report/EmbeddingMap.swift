import Foundation
import Torch

/// Features of images in two dimensions, by PCA and by t-SNE of their cosines.
struct EmbeddingMap {
    /// Positions on the two principal axes.
    let principal: [(x: Double, y: Double)]
    /// The share of the variance on these axes.
    let explained: Double
    /// Positions by t-SNE.
    let neighbours: [(x: Double, y: Double)]

    /// Maps rows `[N, D]`.
    init(_ features: Tensor) throws(TorchError) {
        let rows = try features.to(.float64)
        let count = rows.shape[0]
        let centred = try rows - rows.mean(dim: 0, keepdim: true)
        let gram = try centred.matmul(centred.transpose(0, 1))
        let total = try gram.diagonal().sum().item()
        let (first, firstShare) = try EmbeddingMap.leading(gram, count: count)
        let rest = try gram - first.matmul(first.transpose(0, 1)) * firstShare
        let (second, secondShare) = try EmbeddingMap.leading(rest, count: count)
        let x: [Double] = try (first * max(firstShare, 0).squareRoot()).toArray()
        let y: [Double] = try (second * max(secondShare, 0).squareRoot()).toArray()
        principal = Array(zip(x, y))
        explained = total > 0 ? (firstShare + secondShare) / total : 0
        let unit = try rows.normalizedRows()
        let distances = try -(unit.matmul(unit.transpose(0, 1)) * 2 - 2)
        neighbours = TSNE().map(distances: try distances.clamp(min: 0).toArray(), start: principal).positions
    }

    /// The leading eigenvector of a symmetric matrix, `[N, 1]`, and its eigenvalue, by power iteration.
    private static func leading(_ matrix: Tensor, count: Int) throws(TorchError) -> (Tensor, Double) {
        var vector = try Tensor((0..<count).map { 1 + 0.1 * sin(Double($0) * 7.3) }, shape: [count, 1])
        var value = 0.0
        for _ in 0..<200 {
            let next = try matrix.matmul(vector)
            let length = try next.norm(dim: 0).item()
            guard length > 0 else { return (vector, 0) }
            vector = try next / length
            let converged = abs(length - value) <= 1e-10 * length
            value = length
            if converged { break }
        }
        return (vector, value)
    }
}
