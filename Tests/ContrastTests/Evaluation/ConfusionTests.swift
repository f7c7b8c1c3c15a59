import Foundation
import Testing

@testable import Contrast

@Suite("Confusion")
struct ConfusionTests {
    private let confusion = Confusion(
        [(2, 0), (0, 0), (2, 0), (1, 2), (0, 0), (0, 1)].map { (row: $0.0, column: $0.1) })

    @Test func countsWhatHappened() {
        #expect(
            confusion.cells.map { [$0.row, $0.column, $0.count] } == [[0, 0, 2], [0, 1, 1], [1, 2, 1], [2, 0, 2]])
        #expect(confusion.matrix(classes: 3) == [[2, 1, 0], [0, 0, 1], [2, 0, 0]])
        #expect(Confusion(matrix: confusion.matrix(classes: 3)) == confusion)
        // Fewer classes than there are is no trap.
        #expect(confusion.matrix(classes: 1) == [[2]])
    }

    @Test func isAListInJSON() throws {
        let data = try JSONEncoder().encode(confusion)
        #expect(String(decoding: data, as: UTF8.self) == "[[0,0,2],[0,1,1],[1,2,1],[2,0,2]]")
        #expect(try JSONDecoder().decode(Confusion.self, from: data) == confusion)
    }

    @Test("Reports of versions with a whole matrix are read") func legacy() throws {
        let text = """
            {"top1": 0.5, "balanced": 0.5, "per_class": {"a": 1, "b": null, "c": 0}, "confusion": [[0,0,2],[0,1,1],[1,2,1]],
            "C": 1, "objective": 2, "iterations": 3, "converged": true}
            """
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let linear = try decoder.decode(ProbeReport.Linear.self, from: Data(text.utf8))
        #expect(
            linear.perClass.isEmpty && linear.confusion?.matrix(classes: 3) == [[0, 0, 2], [0, 1, 1], [1, 2, 1]])
    }
}
