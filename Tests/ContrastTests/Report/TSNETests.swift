import Foundation
import Testing

@testable import Contrast

@Suite("t-SNE")
struct TSNETests {
    /// Squared distances of points in groups around corners far apart.
    private static func groups(_ count: Int, of size: Int) -> (distances: [Double], start: [(x: Double, y: Double)]) {
        let noise = Fixture.hashed(count * size * 5, stream: 5)
        let points = (0..<count * size).map { index -> [Double] in
            (0..<5).map { axis in noise[index * 5 + axis] + (axis == index / size ? 12 : 0) }
        }
        let distances = points.flatMap { a in
            points.map { b in zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
        }
        return (distances, points.map { ($0[3], $0[4]) })
    }

    @Test func groupsComeApart() {
        let (distances, start) = Self.groups(3, of: 20)
        var settings = TSNE()
        settings.perplexity = 10
        let (places, divergence) = settings.map(distances: distances, start: start)
        #expect(places.count == 60 && places.allSatisfy { $0.x.isFinite && $0.y.isFinite })
        for i in places.indices {
            let nearest = places.indices.filter { $0 != i }.min {
                hypot(places[$0].x - places[i].x, places[$0].y - places[i].y)
                    < hypot(places[$1].x - places[i].x, places[$1].y - places[i].y)
            }
            #expect(nearest.map { $0 / 20 } == i / 20)
        }
        settings.steps = 130
        let early = settings.map(distances: distances, start: start).divergence
        #expect(divergence > 0 && divergence < early)
    }

    /// The divergence of the result, term by term from the definition.
    @Test func theDivergenceIsThatOfTheMap() {
        let (distances, start) = Self.groups(2, of: 6)
        var settings = TSNE()
        (settings.perplexity, settings.steps) = (3, 300)
        let (places, divergence) = settings.map(distances: distances, start: start)
        let count = places.count
        // Widths by a fine scan instead of bisection.
        let conditional = (0..<count).map { i -> [Double] in
            func shares(_ precision: Double) -> [Double] {
                let weights = (0..<count).map { $0 == i ? 0 : exp(-precision * distances[i * count + $0]) }
                let sum = weights.reduce(0, +)
                return weights.map { $0 / sum }
            }
            func entropy(_ p: [Double]) -> Double { -p.reduce(0) { $0 + ($1 > 0 ? $1 * log($1) : 0) } }
            let best = stride(from: -4.0, through: 3, by: 0.0005).map { pow(10, $0) }
                .min { abs(entropy(shares($0)) - log(3)) < abs(entropy(shares($1)) - log(3)) }
            return shares(best ?? 1)
        }
        func kernel(_ i: Int, _ j: Int) -> Double {
            1 / (1 + pow(places[i].x - places[j].x, 2) + pow(places[i].y - places[j].y, 2))
        }
        let pairs = (0..<count).flatMap { i in (0..<count).filter { $0 != i }.map { (i, $0) } }
        let sum = pairs.reduce(0) { $0 + kernel($1.0, $1.1) }
        let wanted = pairs.reduce(0.0) { total, pair in
            let p = (conditional[pair.0][pair.1] + conditional[pair.1][pair.0]) / Double(2 * count)
            return total + p * log(p * sum / kernel(pair.0, pair.1))
        }
        #expect(abs(divergence - wanted) < 2e-3 * max(1, wanted), "\(divergence) \(wanted)")
    }

    @Test(arguments: [0, 1, 3]) func fewPointsStayWhereTheyAre(count: Int) {
        let start = (0..<count).map { (x: Double($0), y: 0.0) }
        let places = TSNE().map(distances: Array(repeating: 1, count: count * count), start: start).positions
        #expect(places.map(\.x) == start.map(\.x))
    }

    @Test func equalPointsGiveNumbers() {
        let places = TSNE().map(
            distances: Array(repeating: 0, count: 100), start: Array(repeating: (x: 0, y: 0), count: 10)
        ).positions
        #expect(places.allSatisfy { $0.x.isFinite && $0.y.isFinite })
    }
}
