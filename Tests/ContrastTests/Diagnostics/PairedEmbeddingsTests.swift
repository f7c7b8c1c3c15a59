import Files
import Foundation
import Testing

@testable import Contrast

@Suite("Paired embeddings")
struct PairedEmbeddingsTests {
    private let place: TemporaryFolder
    private let good = Fixture.hashed(160, stream: 1).map { Float($0) }

    init() throws { place = try TemporaryFolder() }

    private func write(_ name: String, _ values: [Float], _ shape: [Int]) throws -> String {
        try Npy.write(values, shape: shape, to: "\(place.path)/\(name).npy")
        return "\(place.path)/\(name).npy"
    }

    private func problem(_ first: String, _ second: String, _ labels: String? = nil) -> EmbeddingsError? {
        do throws(EmbeddingsError) {
            _ = try PairedEmbeddings(first: first, second: second, labels: labels)
            return nil
        } catch {
            return error
        }
    }

    @Test func badFilesAreNamedWithARemedy() throws {
        let fine = try write("fine", good, [20, 8])
        #expect(problem(fine, fine) == nil)
        var holed = good
        holed[17] = .nan
        var zero = good
        for column in 0..<8 { zero[8 + column] = 0 }
        let integers = "\(place.path)/integers.npy"
        try Npy.write((0..<160).map { Int64($0) }, shape: [20, 8], to: integers)
        let text = "\(place.path)/text.npy"
        try Data("not an array at all".utf8).write(to: URL(fileURLWithPath: text))
        let cases: [(String, String, EmbeddingsError.Problem)] = [
            (try write("flat", good, [160]), fine, .shape), (try write("cube", good, [20, 2, 4]), fine, .shape),
            (fine, try write("short", Array(good[..<152]), [19, 8]), .shape),
            (fine, try write("wide", good, [16, 10]), .shape), (fine, try write("nan", holed, [20, 8]), .notFinite),
            (try write("zero", zero, [20, 8]), fine, .constant),
            (try write("equal", [Float](repeating: 0.5, count: 160), [20, 8]), fine, .constant),
            (try write("few", Array(good[..<64]), [8, 8]), try write("few2", Array(good[..<64]), [8, 8]), .tooFew),
            (try write("none", [], [0, 8]), try write("none2", [], [0, 8]), .shape), (integers, fine, .type),
            (text, fine, .unreadable), ("\(place.path)/absent.npy", fine, .unreadable),
        ]
        for (first, second, wanted) in cases {
            let error = try #require(problem(first, second), "\(first)")
            #expect(error.problem == wanted, "\(error)")
            #expect(error.file == first || error.file == second)
            #expect(!error.remedy.isEmpty && !error.description.contains("\n"))
        }
        #expect(problem(fine, try write("nan", holed, [20, 8]))?.reason.contains("row 2, column 1") == true)
    }

    @Test func labelsMustBeOneIntegerEach() throws {
        let fine = try write("fine", good, [20, 8])
        let path = "\(place.path)/labels.npy"
        try Npy.write((0..<19).map { Int64($0) }, shape: [19], to: path)
        #expect(problem(fine, fine, path)?.problem == .labels)
        try Npy.write((0..<20).map { Int64($0) }, shape: [20, 1], to: path)
        #expect(problem(fine, fine, path)?.problem == .labels)
        #expect(problem(fine, fine, try write("floats", Array(good[..<20]), [20]))?.problem == .type)
        try Npy.write([Int64](repeating: -1, count: 20), shape: [20], to: path)
        #expect(try PairedEmbeddings(first: fine, second: fine, labels: path).labels == nil)
    }
}
