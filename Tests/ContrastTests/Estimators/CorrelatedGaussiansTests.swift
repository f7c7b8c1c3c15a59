import Foundation
import Testing
import Torch

@testable import Contrast

@Suite("Correlated Gaussians")
struct CorrelatedGaussiansTests {
    @Test(arguments: [false, true]) func theLogRatioIsThatOfTheDensities(cubed: Bool) throws {
        let bed = CorrelatedGaussians(information: 3, dimension: 4, cubed: cubed)
        #expect(abs(-2 * log(1 - bed.correlation * bed.correlation) - 3) < 1e-12)
        let (x, y) = try bed.sample(5, from: Generator(seed: 1))
        let found: [Double] = try bed.logRatio(x, y).toArray()
        let (xs, ys): ([Double], [Double]) = (try x.toArray(), try y.toArray())
        /// log of the density of a normal variable.
        func density(_ x: Double, _ mean: Double, _ variance: Double) -> Double {
            -(x - mean) * (x - mean) / (2 * variance) - log(2 * .pi * variance) / 2
        }
        for i in 0..<5 {
            for j in 0..<5 {
                let wanted = (0..<4).reduce(0.0) { sum, k in
                    let y = cubed ? cbrt(ys[j * 4 + k]) : ys[j * 4 + k]
                    let rho = bed.correlation
                    return sum + density(y, rho * xs[i * 4 + k], 1 - rho * rho) - density(y, 0, 1)
                }
                #expect(abs(found[i * 5 + j] - wanted) < 1e-9)
            }
        }
    }

    @Test(arguments: [2.0, 10]) func theMeanLogRatioIsTheInformation(information: Double) throws {
        let bed = CorrelatedGaussians(information: information)
        let generator = try Generator(seed: 3)
        var values: [Double] = []
        for _ in 0..<20 {
            let (x, y) = try bed.sample(200, from: generator)
            values += try bed.logRatio(x, y).diagonal().toArray(Double.self)
        }
        let mean = Naive.mean(values)
        let deviation = Naive.mean(values.map { ($0 - mean) * ($0 - mean) }).squareRoot()
        #expect(abs(mean - information) < 4 * deviation / Double(values.count).squareRoot())
    }

    @Test("InfoNCE with the best critic gives the measured table", arguments: [64, 256, 1024])
    func infoNCESaturates(candidates: Int) throws {
        let wanted = [
            64: [1.81, 3.07, 3.74, 4.02, 4.12], 256: [1.94, 3.54, 4.62, 5.19, 5.43],
            1024: [1.98, 3.80, 5.23, 6.15, 6.64],
        ]
        for (information, value) in zip([2.0, 4, 6, 8, 10], try #require(wanted[candidates])) {
            let bed = CorrelatedGaussians(information: information)
            let generator = try Generator(seed: 7)
            var values: [Double] = []
            for _ in 0..<max(8, 8192 / candidates) {
                let (x, y) = try bed.sample(candidates, from: generator)
                values.append(try InfoNCEBound()(bed.logRatio(x, y)).item())
            }
            let mean = Naive.mean(values)
            let variance = Naive.mean(values.map { ($0 - mean) * ($0 - mean) })
            let error = (variance / Double(values.count - 1)).squareRoot()
            // The table has two digits.
            #expect(abs(mean - value) < 0.01 + 4 * error, "\(information) nats: \(mean) +- \(error)")
            #expect(mean < log(Double(candidates)))
        }
    }

    @Test("With the best critic every bound agrees at 2 nats", arguments: EstimatorFamily.registry.names)
    func boundsAreTight(name: String) throws {
        let estimator = try #require(EstimatorFamily.all.first { $0.name == name })
        let bed = CorrelatedGaussians(information: 2)
        let generator = try Generator(seed: 9)
        var values: [Double] = []
        for _ in 0..<40 {
            let (x, y) = try bed.sample(256, from: generator)
            values.append(try estimator(bed.logRatio(x, y) + estimator.optimalOffset).item())
        }
        let mean = Naive.mean(values)
        #expect(abs(mean - 2) < 0.12, "\(name): \(mean)")
    }
}
