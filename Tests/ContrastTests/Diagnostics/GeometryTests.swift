import Foundation
import Testing
import Torch

@testable import Contrast

@Suite("Geometry")
struct GeometryTests {
    /// geometry.json.
    private struct Figures: Decodable {
        struct Matrix: Decodable {
            var name: String
            var z: [[Double]]
            var effectiveRank: Double
        }
        struct Views: Decodable {
            var z1: [[Double]]
            var z2: [[Double]]
        }
        struct Alignment: Decodable {
            var alpha: Double
            var value: Double
        }
        struct Uniformity: Decodable {
            var t: Double
            var first: Double
            var second: Double
        }
        var matrices: [Matrix]
        var views: Views
        var alignment: [Alignment]
        var uniformity: [Uniformity]
    }

    @Test(arguments: [DType.float64, .float32]) func equalsTheFormulas(dtype: DType) throws {
        let figures = try Fixture.read("geometry", as: Figures.self)
        let tolerance = dtype == .float64 ? 1e-9 : 1e-4
        let first = try Fixture.tensor(figures.views.z1).to(dtype)
        let second = try Fixture.tensor(figures.views.z2).to(dtype)
        let squared = try #require(figures.alignment.first { $0.alpha == 2 })
        #expect(try abs(EmbeddingGeometry.alignment(first, second) - squared.value) < tolerance)
        for wanted in figures.uniformity {
            #expect(try abs(EmbeddingGeometry.uniformity(first, t: wanted.t) - wanted.first) < tolerance)
            #expect(try abs(EmbeddingGeometry.uniformity(second, t: wanted.t) - wanted.second) < tolerance)
            // In parts, the last of them shorter, and row by row.
            for memory in [first.shape[0] * 5, 1] {
                #expect(
                    try abs(EmbeddingGeometry.uniformity(first, t: wanted.t, memory: memory) - wanted.first) < tolerance
                )
            }
        }
        for matrix in figures.matrices {
            let rank = try EmbeddingGeometry.effectiveRank(Fixture.tensor(matrix.z).to(dtype))
            #expect(abs(rank - matrix.effectiveRank) < max(tolerance, 1e-9) * matrix.effectiveRank, "\(matrix.name)")
        }
    }

    @Test func collapseIsZero() throws {
        let rows = try Tensor.ones([5, 3])
        #expect(try EmbeddingGeometry.effectiveRank(rows) == 0)
        #expect(try abs(EmbeddingGeometry.uniformity(rows)) < 1e-5)
        #expect(try EmbeddingGeometry.alignment(rows, rows) == 0)
    }
}
