import Foundation

/// Exact t-SNE: van der Maaten & Hinton 2008, JMLR 9, 2579-2605.
///
/// Gradient descent, with early exaggeration, on the Kullback-Leibler divergence between the joint probabilities of the
/// points (Gaussians of a given perplexity) and of the map (a Student kernel). A step costs N^2: for up to about 2,000
/// points.
public struct TSNE {
    /// e to the entropy of a point's neighbours; at most a third of the points.
    public var perplexity = 30.0
    /// The number of steps of gradient descent.
    public var steps = 500

    /// Perplexity 30, 500 steps.
    public init() {}

    /// Maps points to two dimensions.
    /// - Parameters:
    ///   - distances: squared distances, `[N, N]` in row-major order.
    ///   - start: initial positions, for example by PCA; they are scaled to a standard deviation of 1e-4.
    /// - Returns: N positions, and the divergence in nats.
    public func map(
        distances: [Double], start: [(x: Double, y: Double)]
    ) -> (positions: [(x: Double, y: Double)], divergence: Double) {
        let count = start.count
        guard count > 3 else { return (start, 0) }
        let joint = jointProbabilities(distances, count)
        var positions = start.flatMap { [$0.x, $0.y] }
        let spread = (positions.reduce(0) { $0 + $1 * $1 } / Double(2 * count)).squareRoot()
        for index in positions.indices { positions[index] *= spread > 0 ? 1e-4 / spread : 0 }
        // Points at the same position would not move apart.
        for index in positions.indices { positions[index] += 1e-6 * sin(Double(index) * 12.9898) }
        var velocity = [Double](repeating: 0, count: 2 * count)
        var gains = [Double](repeating: 1, count: 2 * count)
        var kernel = [Double](repeating: 0, count: count * count)
        // The learning rate of Belkina et al. 2019, doi 10.1038/s41467-019-13055-y.
        let rate = max(Double(count) / 12, 50)
        let early = steps / 4
        for step in 0..<steps {
            let exaggeration = step < early ? 12.0 : 1
            let momentum = step < early ? 0.5 : 0.8
            let gradient = gradient(positions, joint, exaggeration, &kernel)
            for index in positions.indices {
                gains[index] = max(
                    0.01, (gradient[index] > 0) == (velocity[index] > 0) ? gains[index] * 0.8 : gains[index] + 0.2)
                velocity[index] = momentum * velocity[index] - rate * gains[index] * gradient[index]
                positions[index] += velocity[index]
            }
        }
        let divergence = divergence(positions, joint, &kernel)
        return ((0..<count).map { (positions[2 * $0], positions[2 * $0 + 1]) }, divergence)
    }

    /// Computes the Student kernel of the positions, and returns its sum.
    private func fill(_ kernel: inout [Double], _ positions: [Double]) -> Double {
        let count = positions.count / 2
        return kernel.withUnsafeMutableBufferPointer { kernel in
            var sum = 0.0
            for i in 0..<count {
                let (x, y) = (positions[2 * i], positions[2 * i + 1])
                for j in 0..<i {
                    let (dx, dy) = (x - positions[2 * j], y - positions[2 * j + 1])
                    let q = 1 / (1 + dx * dx + dy * dy)
                    kernel[i * count + j] = q
                    sum += 2 * q
                }
            }
            return sum
        }
    }

    /// `4 sum_j (p_ij - q_ij) q'_ij (y_i - y_j)`, where q' is the kernel before normalisation.
    private func gradient(
        _ positions: [Double], _ joint: [Double], _ exaggeration: Double, _ kernel: inout [Double]
    ) -> [Double] {
        let count = positions.count / 2
        let sum = fill(&kernel, positions)
        var gradient = [Double](repeating: 0, count: positions.count)
        kernel.withUnsafeBufferPointer { kernel in
            for i in 0..<count {
                let (x, y) = (positions[2 * i], positions[2 * i + 1])
                for j in 0..<i {
                    let q = kernel[i * count + j]
                    let force = 4 * (exaggeration * joint[i * count + j] - q / sum) * q
                    let (fx, fy) = (force * (x - positions[2 * j]), force * (y - positions[2 * j + 1]))
                    gradient[2 * i] += fx
                    gradient[2 * i + 1] += fy
                    gradient[2 * j] -= fx
                    gradient[2 * j + 1] -= fy
                }
            }
        }
        return gradient
    }

    private func divergence(_ positions: [Double], _ joint: [Double], _ kernel: inout [Double]) -> Double {
        let count = positions.count / 2
        let sum = fill(&kernel, positions)
        var total = 0.0
        for i in 0..<count {
            for j in 0..<i {
                let p = joint[i * count + j]
                if p > 0 { total += 2 * p * log(p * sum / kernel[i * count + j]) }
            }
        }
        return total
    }

    /// `(p_{j|i} + p_{i|j}) / 2N`; bisection finds the width at which a row has the perplexity.
    private func jointProbabilities(_ distances: [Double], _ count: Int) -> [Double] {
        let target = log(min(perplexity, Double(count - 1) / 3))
        var conditional = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            let row = Array(distances[i * count..<(i + 1) * count])
            let nearest = row.indices.filter { $0 != i }.map { row[$0] }.min() ?? 0
            var (low, high, precision) = (0.0, Double.infinity, 1.0)
            var weights = row
            for _ in 0..<64 {
                var (sum, moment) = (0.0, 0.0)
                for j in row.indices {
                    weights[j] = j == i ? 0 : exp(-precision * (row[j] - nearest))
                    sum += weights[j]
                    moment += weights[j] * (row[j] - nearest)
                }
                let entropy = log(sum) + precision * moment / sum
                for j in row.indices { weights[j] /= sum }
                if abs(entropy - target) < 1e-5 { break }
                if entropy > target { low = precision } else { high = precision }
                precision = high.isFinite ? (low + high) / 2 : precision * 2
            }
            for j in row.indices { conditional[i * count + j] = weights[j] }
        }
        var joint = conditional
        for i in 0..<count {
            for j in 0..<count {
                joint[i * count + j] = (conditional[i * count + j] + conditional[j * count + i]) / Double(2 * count)
            }
        }
        return joint
    }
}
