import Foundation

/// The estimators written out as loops over the score matrix in float64.
enum NaiveEstimators {
    static func others(_ f: Naive.Rows) -> [Double] {
        f.indices.flatMap { i in f.indices.filter { $0 != i }.map { f[i][$0] } }
    }

    static func joint(_ f: Naive.Rows) -> Double { Naive.mean(f.indices.map { f[$0][$0] }) }

    static func infoNCE(_ f: Naive.Rows) -> Double { log(Double(f.count)) - Naive.infoNCE(f) }

    static func nwj(_ f: Naive.Rows) -> Double { joint(f) - Naive.mean(others(f).map { exp($0 - 1) }) }

    static func tuba(_ f: Naive.Rows, logBaseline: Double) -> Double {
        joint(f) - Naive.mean(others(f).map { exp($0) }) / exp(logBaseline) - logBaseline + 1
    }

    static func tuba(_ f: Naive.Rows) -> Double {
        let half = f.count / 2
        let parts = [f[..<half].map { Array($0[..<half]) }, f[half...].map { Array($0[half...]) }]
        let means = parts.map { Naive.mean(others($0).map { exp($0) }) }
        let values = [0, 1].map { joint(parts[$0]) - means[$0] / means[1 - $0] - log(means[1 - $0]) + 1 }
        return (values[0] * Double(half) + values[1] * Double(f.count - half)) / Double(f.count)
    }

    static func donskerVaradhan(_ f: Naive.Rows) -> Double { joint(f) - log(Naive.mean(others(f).map { exp($0) })) }

    static func js(_ f: Naive.Rows) -> Double { 1 + joint(f) - Naive.mean(others(f).map { exp($0) }) }

    static func jsObjective(_ f: Naive.Rows) -> Double {
        -Naive.mean(f.indices.map { log(1 + exp(-f[$0][$0])) }) - Naive.mean(others(f).map { log(1 + exp($0)) })
    }

    static func smile(_ f: Naive.Rows, clip: Double) -> Double {
        joint(f) - log(Naive.mean(others(f).map { min(max(exp($0), exp(-clip)), exp(clip)) }))
    }

    static func interpolated(_ f: Naive.Rows, alpha: Double, logBaseline: Double) -> Double {
        func b(_ i: Int, without j: Int) -> Double {
            let m = Naive.mean(f.indices.filter { $0 != j }.map { exp(f[i][$0]) })
            return alpha * m + (1 - alpha) * exp(logBaseline)
        }
        var joints: [Double] = []
        var marginals: [Double] = []
        for i in f.indices {
            for j in f.indices where j != i {
                joints.append(f[i][i] - log(b(i, without: j)))
                marginals.append(exp(f[i][j]) / b(i, without: i))
            }
        }
        return 1 + Naive.mean(joints) - Naive.mean(marginals)
    }
}
