import Foundation
import Testing
import Torch

@testable import Contrast

@Suite("Prototypes and moments of embeddings")
struct PrototypeUseTests {
    @Test("The use of prototypes is as written out", arguments: [1, 3]) func use(batches: Int) throws {
        let (count, width) = (40, 6)
        let rows = (0..<count).map { row -> [Double] in
            let scores = Fixture.hashed(width, stream: UInt64(row)).map { exp(3 * $0) }
            return scores.map { $0 / scores.reduce(0, +) }
        }
        var all = PrototypeAssignments()
        for batch in 0..<batches {
            let part = rows[(batch * count / batches)..<((batch + 1) * count / batches)]
            try all.add(Fixture.tensor(Array(part)))
        }
        let use = try #require(all.use)
        func entropy(_ shares: [Double]) -> Double { -shares.reduce(0) { $0 + $1 * log($1) } }
        let mean = (0..<width).map { column in rows.reduce(0) { $0 + $1[column] } / Double(count) }
        let likely = rows.map { row in row.firstIndex(of: row.max() ?? 0) ?? 0 }
        let largest = (0..<width).map { place in likely.count { $0 == place } }.max() ?? 0
        for (found, wanted) in [
            (use.used, Double(Set(likely).count) / Double(width)), (use.largest, Double(largest) / Double(count)),
            (use.meanEntropy, entropy(mean)), (use.entropy, rows.map(entropy).reduce(0, +) / Double(count)),
            (use.information, entropy(mean) - rows.map(entropy).reduce(0, +) / Double(count)),
        ] {
            #expect(abs(found.value - wanted) < 1e-6, "\(found) \(wanted)")
            #expect(found.low <= found.value && found.value <= found.high)
        }
        #expect(use.prototypes == width)
    }

    @Test func withoutDistributionsThereIsNoUse() { #expect(PrototypeAssignments().use == nil) }

    @Test("Standard deviations and redundancy are as written out") func moments() throws {
        let (count, width) = (30, 4)
        let noise = Fixture.hashed(count * width, stream: 5)
        let rows = (0..<count).map { row in
            // The second dimension repeats the first.
            (0..<width).map { column in noise[row * width + (column == 1 ? 0 : column)] * Double(column + 1) + 2 }
        }
        let flat = rows.flatMap { $0.map { Float($0) } }
        let pairs = try PairedEmbeddings(first: flat, second: flat, dimension: width)
        let found = try EmbeddingMoments(UnitViews(pairs, limit: 100, seed: 1))
        func deviations(_ rows: [[Double]]) -> [Double] {
            (0..<width).map { column in
                let values = rows.map { $0[column] }
                return values.standardDeviation
            }
        }
        let stds = deviations(rows)
        #expect(abs(found.std.value - stds.mean) < 1e-6)
        let unit = rows.map { row in row.map { $0 / row.reduce(0) { $0 + $1 * $1 }.squareRoot() } }
        #expect(abs(found.unitStd.value - 2 * deviations(unit).mean) < 1e-6)
        var squares = 0.0
        for i in 0..<width {
            for j in 0..<width where j != i {
                let (a, b) = (rows.map { $0[i] }, rows.map { $0[j] })
                let covariance = zip(a, b).reduce(0) { $0 + ($1.0 - a.mean) * ($1.1 - b.mean) } / Double(count - 1)
                squares += pow(covariance / stds[i] / stds[j], 2)
            }
        }
        #expect(abs(found.redundancy.value - (squares / 12 - 1 / Double(count - 1))) < 1e-6)
    }
}
