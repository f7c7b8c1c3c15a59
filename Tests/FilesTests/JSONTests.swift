import Foundation
import Testing

@testable import Files

@Suite("JSON")
struct JSONTests {
    private struct Record: Codable, Equatable {
        var trainLoss: Double
        var file = "a/b"
    }

    @Test(
        "Keys are sorted and in snake_case, and every number can be read again",
        arguments: [1.5, .infinity, -.infinity])
    func style(loss: Double) throws {
        let text = try String(decoding: JSON.line(Record(trainLoss: loss)), as: UTF8.self)
        let number = loss.isFinite ? "1.5" : loss > 0 ? "\"Infinity\"" : "\"-Infinity\""
        #expect(text == "{\"file\":\"a/b\",\"train_loss\":\(number)}\n")
        #expect(try JSON.value(Record.self, from: text.utf8) == Record(trainLoss: loss))
        #expect(try JSON.value(Record.self, from: JSON.document(Record(trainLoss: loss))).trainLoss == loss)
    }

    @Test func linesAreAppendedReadAndRemoved() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).jsonl").path
        defer { StoredFile.remove(path) }
        let lines = JSONLines(path)
        #expect(lines.records(Record.self).isEmpty)
        try lines.keep(Record.self) { _ in false }
        #expect(!StoredFile.exists(path))
        for loss in [1.0, 2, 3] { try lines.append(Record(trainLoss: loss)) }
        try lines.append(["other": 1])
        #expect(lines.records(Record.self).map(\.trainLoss) == [1, 2, 3])
        try lines.keep(Record.self) { $0.trainLoss < 3 }
        try lines.append(Record(trainLoss: 4))
        #expect(try String(decoding: StoredFile.read(path), as: UTF8.self).split(separator: "\n").count == 3)
        #expect(JSONLines(path).records(Record.self).map(\.trainLoss) == [1, 2, 4])
    }
}
