import Foundation

/// The objectives of methods without negatives, term by term in float64.
extension Naive {
    static func columns(_ z: Rows) -> Rows { z[0].indices.map { j in z.map { $0[j] } } }

    static func covariance(_ a: [Double], _ b: [Double]) -> Double {
        let (p, q) = (mean(a), mean(b))
        return zip(a, b).reduce(0) { $0 + ($1.0 - p) * ($1.1 - q) } / Double(a.count - 1)
    }

    static func vicReg(_ x: Rows, _ y: Rows, _ weights: (Double, Double, Double)) -> Double {
        let width = Double(x[0].count)
        let gap = mean(zip(x, y).map { distance($0, $1) / width })
        func hinge(_ z: Rows) -> Double {
            mean(columns(z).map { max(0, 1 - (covariance($0, $0) + 1e-4).squareRoot()) })
        }
        func others(_ z: Rows) -> Double {
            let z = columns(z)
            var sum = 0.0
            for i in z.indices { for j in z.indices where j != i { sum += pow(covariance(z[i], z[j]), 2) } }
            return sum / width
        }
        return weights.0 * gap + weights.1 * (hinge(x) + hinge(y)) / 2 + weights.2 * (others(x) + others(y))
    }

    static func barlowTwins(_ x: Rows, _ y: Rows, lambda: Double, scale: Double) -> Double {
        func standardized(_ column: [Double]) -> [Double] {
            let m = mean(column)
            let variance = mean(column.map { ($0 - m) * ($0 - m) })
            return column.map { ($0 - m) / (variance + 1e-5).squareRoot() }
        }
        let (a, b) = (columns(x).map(standardized), columns(y).map(standardized))
        var sum = 0.0
        for i in a.indices {
            for j in b.indices {
                let c = dot(a[i], b[j]) / Double(x.count)
                sum += i == j ? (1 - c) * (1 - c) : lambda * c * c
            }
        }
        return scale * sum
    }

    static func cosine(_ a: [Double], _ b: [Double]) -> Double { dot(unit([a])[0], unit([b])[0]) }

    static func meanCosine(_ x: Rows, _ y: Rows) -> Double { mean(zip(x, y).map(cosine)) }

    static func softmax(_ values: [Double]) -> [Double] { values.map { exp($0 - logSum(values)) } }

    /// `-q . log softmax(s)`, the mean over rows.
    static func crossEntropy(_ targets: Rows, _ scores: Rows) -> Double {
        mean(zip(targets, scores).map { q, s in -zip(q, s).reduce(0) { $0 + $1.0 * ($1.1 - logSum(s)) } })
    }

    /// As the authors write it: the matrix is scaled to a sum of 1, then rows to 1 / K and columns to 1 / B.
    static func sinkhorn(_ scores: Rows, epsilon: Double, rounds: Int) -> Rows {
        var q = columns(scores.map { $0.map { exp($0 / epsilon) } })
        let (count, batch) = (Double(q.count), Double(q[0].count))
        let total = q.joined().reduce(0, +)
        q = q.map { $0.map { $0 / total } }
        for _ in 0..<rounds {
            q = q.map { row in row.map { $0 / row.reduce(0, +) / count } }
            q = columns(columns(q).map { column in column.map { $0 / column.reduce(0, +) / batch } })
        }
        return columns(q.map { $0.map { $0 * batch } })
    }

    /// The mean over directions of `N integral |phi - gauss|^2 gauss`, by the trapezoid rule over 17 points in -5...5.
    static func eppsPulley(_ z: Rows, directions: Rows) -> Double {
        let points = (0...16).map { -5 + Double($0) * 10 / 16 }
        return mean(
            directions.map { direction in
                let x = z.map { dot($0, direction) }
                let heights = points.map { t in
                    let (real, imaginary) = (mean(x.map { cos(t * $0) }), mean(x.map { sin(t * $0) }))
                    return (pow(real - exp(-t * t / 2), 2) + imaginary * imaginary) * exp(-t * t / 2)
                }
                let area = zip(heights, heights.dropFirst()).reduce(0) { $0 + ($1.0 + $1.1) / 2 * 10 / 16 }
                return Double(z.count) * area
            })
    }

    /// `1/2 log det(I + D / (N e) Z^T Z)` by Gaussian elimination.
    static func codingRate(_ z: Rows, distortion: Double) -> Double {
        let (count, z) = (Double(z.count), columns(z))
        var matrix = z.indices.map { i in
            z.indices.map { j in (i == j ? 1 : 0) + Double(z.count) / (count * distortion) * dot(z[i], z[j]) }
        }
        var sum = 0.0
        for i in matrix.indices {
            sum += log(matrix[i][i])
            for row in matrix.indices.dropFirst(i + 1) {
                let factor = matrix[row][i] / matrix[i][i]
                for column in matrix.indices { matrix[row][column] -= factor * matrix[i][column] }
            }
        }
        return sum / 2
    }
}
