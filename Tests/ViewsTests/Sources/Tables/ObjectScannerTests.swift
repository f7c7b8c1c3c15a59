import Foundation
import Testing

@testable import Views

@Suite("JSON lines without JSONDecoder")
struct ObjectScannerTests {
    /// What a line says by the scanner; nil where it leaves the line to `JSONDecoder`.
    private func scanned(_ line: String, _ scanner: inout ObjectScanner) -> Said? {
        Data(line.utf8).withUnsafeBytes { bytes in
            guard scanner.read(bytes) else { return nil }
            func text(_ range: Range<Int>) -> String { String(decoding: scanner.bytes[range], as: UTF8.self) }
            var said = Said(keys: scanner.names)
            for value in scanner.values {
                switch value.kind {
                case .null: break
                case .list: said.labels = scanner.items[value.range].map(text)
                default: said.texts[value.column] = text(value.range)
                }
            }
            return said
        }
    }

    private struct Said: Equatable {
        var texts: [ImageColumn: String] = [:]
        var labels: [String]?
        var keys: [ImageColumn: String]
    }

    private func decoded(_ line: String) throws -> Said {
        let object = try JSONDecoder().decode(
            TableObject.self, from: Data(line.utf8), configuration: TableObject.Keys())
        #expect(object.wrong == nil, "\(line)")
        return Said(texts: object.texts, labels: object.labels, keys: object.keys)
    }

    @Test(
        "Lines that tables have",
        arguments: [
            #"{"image": "a.png", "label": "dog", "value": 0.25, "split": "train", "group": 17}"#,
            #" { "image" : "a" ,"labels":["a", "b"], "other": [1, 2], "flag": true, "none": null } "#,
            #"{"image": "a", "labels": [], "caption": null, "fold": false}"#,
            #"{"file_name": "\u00fc/\ud83d\ude00\n\\\"\/.png", "text": "ü 😀"}"#,
            #"{"image": "a", "label": 0, "value": -12, "weight": -0.5}"#,
            #"{"image": "", "label": "", "value": 123456789012345678}"#,
            #"{"image": "a", "label": "a", "labels": ["b"]}"#, #"{"labels": [], "image": "a", "label": 3}"#,
            #"{"image": "a", "labels": [3, 0, -4]}"#, "{\"image\": \"a\", \"value\": 0.1}\r",
        ])
    func plainLines(line: String) throws {
        var scanner = ObjectScanner(TableObject.Keys())
        let said = scanned(line, &scanner)
        #expect(try said == decoded(line))
        #expect(scanner.isNew)
        #expect(scanned(line, &scanner) == said)
    }

    @Test(
        "Lines that are left to JSONDecoder",
        arguments: [
            "", "{}", "[1]", #"{"image": 1}"#, #"{"image": "a""#, #"{"image": "a"} x"#, #"{"image": "a",}"#,
            #"{"image": "a", "label": {"b": 1}}"#, #"{"image": "a", "file_name": "b"}"#, #"{"im\u0061ge": "a"}"#,
            #"{"image": "\x"}"#, #"{"image": "\ud83d"}"#, #"{"image": "\ude00"}"#, #"{"image": "\u00zz"}"#,
            #"{"image": "a", "value": 01}"#, #"{"image": "a", "value": -0}"#, #"{"image": "a", "value": 1.0}"#,
            #"{"image": "a", "value": 1e3}"#, #"{"image": "a", "value": 1.5e3}"#, #"{"image": "a", "value": .5}"#,
            #"{"image": "a", "value": 1.}"#, #"{"image": "a", "value": +1}"#, #"{"image": "a", "value": nan}"#,
            #"{"image": "a", "value": 1234567890123456789}"#, #"{"image": "a", "labels": ["a", 1]}"#,
            #"{"image": "a", "labels": [1.5]}"#, #"{"image": "a", "labels": ["a|b"]}"#,
            #"{"image": "a", "label": ["a"], "labels": ["b"]}"#, #"{"image": "a", "label": ["a"], "labels": "b"}"#,
            #"{"image": "a", "value": [1]}"#,
            #"{"image": "a", "labels": [["a"]]}"#, "{\"image\": \"a\tb\"}", #"{"image": true}"#, #"{"label": "a"}"#,
        ])
    func otherLines(line: String) throws {
        var scanner = ObjectScanner(TableObject.Keys())
        #expect(scanned(line, &scanner) == nil)
    }

    @Test func randomLinesSayTheSame() throws {
        let keys = ["image", "File Name", "label", "labels", "value", "caption", "x", "fold"]
        let values = [
            "\"a\"", "\"\"", "\"a\\u00e9\\\"b\"", "1", "-7", "0", "0.5", "-0.125", "12.75", "1.0", "null", "true",
            "[\"a\",\"b\"]",
            "[1, 2]", "[]", "\"ü\"", "{}",
        ]
        let spaces = ["", " ", "\t "]
        var generator = RandomStream(RandomKey(seed: 5, sample: 0, purpose: .split))
        var scanner = ObjectScanner(TableObject.Keys())
        var read = 0
        for _ in 0..<4000 {
            let count = 1 + generator.integer(below: 5)
            let members = (0..<count).map { _ in
                let parts = [
                    keys[generator.integer(below: keys.count)], values[generator.integer(below: values.count)],
                ]
                return "\"\(parts[0])\"\(spaces[generator.integer(below: 3)]):\(parts[1])"
            }
            let line = "{\(members.joined(separator: spaces[generator.integer(below: 3)] + ","))}"
            guard let said = scanned(line, &scanner) else { continue }
            read += 1
            #expect(try said == decoded(line), "\(line)")
        }
        #expect(read > 150)
    }

    @Test func aTableIsTheSameByBoth() throws {
        let lines = [
            #"{"image": "a", "label": "x", "labels": ["y", "z"]}"#, #"{"image": "b", "labels": ["x"], "label": "z"}"#,
            #"{"image": "c", "label": "y"}"#, #"{"image": "d", "label": null, "labels": []}"#,
        ]
        for count in 1...lines.count {
            let plain = lines.prefix(count).joined(separator: "\n")
            // A key with an escape is left to JSONDecoder.
            let decoded = plain.replacing(#""image""#, with: #""im\u0061ge""#)
            let (one, other) = (
                try TableReaderTests.table(plain, "c.jsonl"), try TableReaderTests.table(decoded, "c.jsonl")
            )
            #expect(one.columns == other.columns && one.classes == other.classes)
            #expect((0..<count).map(one.labels) == (0..<count).map(other.labels))
            #expect((0..<count).map(one.label) == (0..<count).map(other.label))
        }
    }

    @Test func columnsAreSaidOnceARowHasThem() throws {
        let lines = [
            #"{"image": "a", "caption": null}"#, #"{"image": "b", "caption": "x"}"#, #"{"image": "c", "caption": "y"}"#,
        ]
        let none = try TableReaderTests.table(lines[0], "c.jsonl")
        #expect(none.columns == [])
        let some = try TableReaderTests.table(lines.joined(separator: "\n"), "c.jsonl")
        #expect(try some.columns == [.caption] && (0..<3).map(some.caption) == [nil, "x", "y"])
        let mixed = try TableReaderTests.table(
            "{\"image\": \"a\", \"label\": [\"x\", \"y\"]}\n{\"image\": \"b\", \"label\": \"x\"}", "c.jsonl")
        #expect(mixed.columns == [.label, .labels] && (0..<2).map(mixed.labels) == [[0, 1], [0]])
    }
}
