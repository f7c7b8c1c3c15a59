import Foundation

/// The objectives written out term by term in float64, rows as arrays; only what is exact to look at is done here.
enum Naive {
    typealias Rows = [[Double]]

    static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    static func distance(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    static func unit(_ rows: Rows) -> Rows {
        rows.map { row in
            let length = max(dot(row, row).squareRoot(), 1e-12)
            return row.map { $0 / length }
        }
    }
    static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    /// log sum e^x; e^700 is the largest, which tau 0.01 does not reach with rows of length 2.
    static func logSum(_ values: [Double]) -> Double { log(values.reduce(0) { $0 + exp($1) }) }

    /// For each anchor the score of its positive and those of its negatives.
    typealias Anchors = [(positive: Double, negatives: [Double])]

    /// The 2N views among themselves.
    static func anchors(_ x: Rows, _ y: Rows, _ tau: Double) -> Anchors {
        let z = x + y
        let (count, pairs) = (z.count, x.count)
        return (0..<count).map { i in
            let partner = (i + pairs) % count
            let negatives = (0..<count).filter { $0 != i && $0 != partner }.map { dot(z[i], z[$0]) / tau }
            return (dot(z[i], z[partner]) / tau, negatives)
        }
    }

    /// Queries with their keys and with a queue.
    static func anchors(_ queries: Rows, _ keys: Rows, queue: Rows, _ tau: Double) -> Anchors {
        zip(queries, keys).map { query, key in (dot(query, key) / tau, queue.map { dot(query, $0) / tau }) }
    }

    static func ntXent(_ x: Rows, _ y: Rows, tau: Double) -> Double { ntXent(anchors(x, y, tau)) }

    static func ntXent(_ anchors: Anchors) -> Double {
        mean(anchors.map { logSum($0.negatives + [$0.positive]) - $0.positive })
    }

    static func infoNCE(_ scores: Rows) -> Double {
        mean(scores.indices.map { logSum(scores[$0]) - scores[$0][$0] })
    }

    static func symmetric(_ scores: Rows) -> Double {
        let columns = scores.indices.map { column in scores.map { $0[column] } }
        return (infoNCE(scores) + infoNCE(columns)) / 2
    }

    static func products(_ x: Rows, _ y: Rows, tau: Double) -> Rows { x.map { a in y.map { dot(a, $0) / tau } } }

    static func dcl(_ x: Rows, _ y: Rows, tau: Double, weights: [Double]? = nil) -> Double {
        dcl(anchors(x, y, tau), weights: weights)
    }

    static func dcl(_ anchors: Anchors, weights: [Double]? = nil) -> Double {
        mean(
            anchors.enumerated().map { i, anchor in
                logSum(anchor.negatives) - (weights.map { $0[i % $0.count] } ?? 1) * anchor.positive
            })
    }

    static func weights(_ x: Rows, _ y: Rows, sigma: Double) -> [Double] {
        let e = zip(x, y).map { exp(dot($0, $1) / sigma) }
        return e.map { 2 - Double(x.count) * $0 / e.reduce(0, +) }
    }

    static func hcl(_ x: Rows, _ y: Rows, tau: Double, tauPlus: Double, beta: Double) -> Double {
        hcl(anchors(x, y, tau), tau: tau, tauPlus: tauPlus, beta: beta)
    }

    static func hcl(_ anchors: Anchors, tau: Double, tauPlus: Double, beta: Double) -> Double {
        mean(
            anchors.map { anchor in
                let n = Double(anchor.negatives.count)
                let w = anchor.negatives.map { exp(beta * $0) }
                let sum = zip(w, anchor.negatives).reduce(0) { $0 + $1.0 * exp($1.1) } / mean(w)
                let positive = exp(anchor.positive)
                let g = max((sum - n * tauPlus * positive) / (1 - tauPlus), n * exp(-1 / tau))
                return -log(positive / (positive + g))
            })
    }

    static func debiased(_ x: Rows, _ y: Rows, tau: Double, tauPlus: Double) -> Double {
        debiased(anchors(x, y, tau), tau: tau, tauPlus: tauPlus)
    }

    static func debiased(_ anchors: Anchors, tau: Double, tauPlus: Double) -> Double {
        mean(
            anchors.map { anchor in
                let n = Double(anchor.negatives.count)
                let sum = anchor.negatives.reduce(0) { $0 + exp($1) }
                let positive = exp(anchor.positive)
                let g = max((sum - n * tauPlus * positive) / (1 - tauPlus), n * exp(-1 / tau))
                return -log(positive / (positive + g))
            })
    }

    static func hardNegatives(_ anchors: Anchors, hardest: Int, semiHard: Bool) -> Double {
        ntXent(
            anchors.map { anchor in
                let left = anchor.negatives.filter { !semiHard || $0 < anchor.positive }
                return (anchor.positive, Array(left.sorted(by: >).prefix(hardest)))
            })
    }

    /// Suspects of each view are those that resemble its other view, by the rows `x0` and `y0`.
    static func fnc(
        _ x: Rows, _ y: Rows, _ x0: Rows, _ y0: Rows, tau: Double, top: Int, threshold: Double, attract: Bool
    ) -> Double {
        let (z, unit) = (x + y, unit(x0 + y0))
        return mean(
            z.indices.map { i in
                let partner = (i + x.count) % z.count
                let others = z.indices.filter { $0 != i && $0 != partner }
                let nearest = others.sorted { dot(unit[partner], unit[$0]) > dot(unit[partner], unit[$1]) }
                let suspects = nearest.prefix(top).filter { dot(unit[partner], unit[$0]) >= threshold }
                func score(_ j: Int) -> Double { dot(z[i], z[j]) / tau }
                let positives = attract ? [partner] + suspects : [partner]
                let below = attract ? others : others.filter { !suspects.contains($0) }
                return logSum(([partner] + below).map(score)) - mean(positives.map(score))
            })
    }

    static func supCon(_ x: Rows, _ y: Rows, labels: [[Int]], tau: Double) -> Double {
        let (z, labels) = (x + y, (labels + labels).map(Set.init))
        return mean(
            z.indices.map { i in
                let others = z.indices.filter { $0 != i }
                let weights = others.map { j -> Double in
                    if j % x.count == i % x.count { return 1 }
                    let union = labels[i].union(labels[j]).count
                    return union == 0 ? 0 : Double(labels[i].intersection(labels[j]).count) / Double(union)
                }
                let all = logSum(others.map { dot(z[i], z[$0]) / tau })
                let terms = zip(others, weights).map { j, weight in weight * (all - dot(z[i], z[j]) / tau) }
                return terms.reduce(0, +) / weights.reduce(0, +)
            })
    }

    static func alignmentUniformity(_ x: Rows, _ y: Rows, _ a: Double, _ u: Double, alpha: Double, t: Double) -> Double
    {
        func potential(_ z: Rows) -> Double {
            var terms: [Double] = []
            for i in z.indices { for j in i + 1..<z.count { terms.append(exp(-t * distance(z[i], z[j]))) } }
            return log(mean(terms))
        }
        return a * mean(zip(x, y).map { pow(distance($0, $1), alpha / 2) }) + u * (potential(x) + potential(y)) / 2
    }

    /// The gradient by differences over five points, whose error is of the fourth power of `step`.
    static func gradient(_ rows: Rows, step: Double, _ f: (Rows) -> Double) -> Rows {
        var rows = rows
        return rows.indices.map { i in
            rows[i].indices.map { j in
                let value = rows[i][j]
                func at(_ offset: Double) -> Double {
                    rows[i][j] = value + offset * step
                    defer { rows[i][j] = value }
                    return f(rows)
                }
                return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)
            }
        }
    }
}
