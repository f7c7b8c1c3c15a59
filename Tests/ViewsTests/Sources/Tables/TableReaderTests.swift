import Foundation
import Testing

@testable import Views

@Suite("Rows of tables")
struct TableReaderTests {
    private static let long = String(repeating: "x", count: 4097)

    /// A table of this name, whose images are taken for being there.
    static func table(_ text: String, _ name: String, _ chosen: [String] = []) throws -> ImageTable {
        var options = SourceOptions()
        options.columns = chosen.compactMap { NamedColumn($0) }
        return try Data(text.utf8).withUnsafeBytes { try ImageTable($0, path: "d/\(name)", options: options) }
    }

    private func captions(_ text: String, _ name: String) throws -> [[String]] {
        let table = try TableReaderTests.table(text, name)
        return try (0..<table.count).map { [table.name($0), try table.caption($0) ?? "-"] }
    }

    @Test(
        "Tables of every form say the same",
        arguments: [
            ("c.tsv", "a.png\tA cat\nb/ü.jpg\tTwo, \"dogs\"\n"),
            ("c.tsv", "a.png\tA cat\r\n\r\nb/ü.jpg\tTwo, \"dogs\""),
            ("c.tsv", "a.png\tA cat\nb/ü.jpg\t\"Two, \"\"dogs\"\"\""),
            ("c.tsv", "\u{FEFF}Caption\tother\tFILEPATH\nA cat\tx\ta.png\nTwo, \"dogs\"\ty\tb/ü.jpg\n"),
            ("c.csv", "a.png,A cat\nb/ü.jpg,\"Two, \"\"dogs\"\"\"\n"),
            ("c.CSV", "image,caption\na.png,A cat\n\nb/ü.jpg,\"Two, \"\"dogs\"\"\""),
            ("c.csv", "id,title,file_name\r\n1,\"A cat\",\"a.png\"\r\n2,\"Two, \"\"dogs\"\"\",b/ü.jpg\r\n"),
            ("c.csv", "File Name;Text\r\na.png;A cat\r\nb/ü.jpg;\"Two, \"\"dogs\"\"\"\r\n"),
            ("c.csv", "image|sentence\na.png|A cat\nb/ü.jpg|Two, \"dogs\"\n"),
            ("c.csv", "\u{FEFF}\"caption\"\t\"image\"\nA cat\ta.png\n\"Two, \"\"dogs\"\"\"\tb/ü.jpg\n"),
            ("c.tsv", "image,caption\na.png,A cat\nb/ü.jpg,\"Two, \"\"dogs\"\"\""),
            ("c.txt", "image|caption\na.png|A cat\nb/ü.jpg|Two, \"dogs\"\n"),
            (
                "c.jsonl",
                "{\"image\": \"a.png\", \"caption\": \"A cat\"}\n{\"text\": \"Two, \\\"dogs\\\"\", \"file_name\": \"b/\\u00fc.jpg\", \"n\": [1]}"
            ),
        ])
    func tablesOfEveryForm(name: String, text: String) throws {
        #expect(try captions(text, name) == [["a.png", "A cat"], ["b/ü.jpg", "Two, \"dogs\""]])
    }

    @Test func fieldsMayBeEmptyOrHaveLines() throws {
        #expect(try captions("a.png,\"one\ntwo\"\nb.png,", "c.csv") == [["a.png", "one\ntwo"], ["b.png", "-"]])
        #expect(try captions("a.png,x\nb.png,\n", "c.csv") == [["a.png", "x"], ["b.png", "-"]])
        #expect(try captions("a.png\t\n", "c.tsv") == [["a.png", "-"]])
        #expect(try captions("{\"image\": \"a\", \"caption\": null}", "c.jsonl") == [["a", "-"]])
        // A quote inside of a field is one, and at one end of a field between tabs too.
        #expect(try captions("a 5\" disk.png,x", "c.csv") == [["a 5\" disk.png", "x"]])
        #expect(
            try captions("a.png\t\"One\" and two\nb.png\t\"a\" \"b\"", "c.tsv").map(\.[1]) == [
                "\"One\" and two", "\"a\" \"b\"",
            ])
    }

    @Test(
        "A column of labels makes classes",
        arguments: [
            ("c.csv", "image,label\na.png,dog\nb.png,cat\nc.png,\nd.png,dog\n", "cat dog", "1 0 - 1"),
            ("c.tsv", "Filename\tCaption\tClass\na.png\tx\t10\nb.png\ty\t9\n", "0 1 2 3 4 5 6 7 8 9 10", "10 9"),
            ("c.csv", "image,label\na.png,2000000000\nb.png,03\n", "3 2000000000", "1 0"),
            ("c.csv", "image,label\na.png, dog \nb.png,-1\nc.png,dog\n", "dog", "0 - 0"),
            (
                "c.csv", "image,label\na.png,0-2\nb.png,10-19\nc.png,2021-03-04\nd.png,1.2.3\n",
                "0-2 1.2.3 10-19 2021-03-04", "0 2 3 1"
            ),
            (
                "c.jsonl", "{\"image\": \"a\", \"label\": \"dog\"}\n{\"image\": \"b\", \"caption\": \"x\"}\n", "dog",
                "0 -"
            ),
            ("c.jsonl", "{\"image\": \"a\", \"label\": 1}\n{\"image\": \"b\", \"label\": 0}\n", "0 1", "1 0"),
            ("c.jsonl", "{\"image\": \"a\"}\n{\"image\": \"b\", \"target\": true}\n", "true", "- 0"),
        ])
    func labels(name: String, text: String, classes: String, labels: String) throws {
        let table = try TableReaderTests.table(text, name)
        #expect(table.classes.joined(separator: " ") == classes)
        #expect((0..<table.count).map { table.label($0).map(String.init) ?? "-" }.joined(separator: " ") == labels)
        #expect(table.targets == .classes)
    }

    @Test func labelsThatAreNoClassesAreCounted() throws {
        let rows = ["1", "-1", "-1", " ", "2", "dog", String(repeating: "x", count: 257)].map { "a.png,\($0)\n" }
            .joined()
        let table = try TableReaderTests.table("image,label\n" + rows, "c.csv")
        #expect((0..<table.count).map(table.label) == [1, nil, nil, nil, 2, nil, nil])
        #expect(
            table.listing.issues.filter { $0.kind == .badLabel }.map(\.reason) == [
                "3 rows have a label that is not a class; the first is -1: a label must be a word or a number from 0 to "
                    + "2^53 - 1, on one line, of at most 256 bytes; 1 row has a label that is not a class; the first "
                    + "is dog: more labels are numbers, so words are none"
            ])
        let words = try TableReaderTests.table("image,labels\na.png,3|cat|dog\nb.png,3|cat\nc.png,dog\n", "c.csv")
        #expect(
            words.listing.issues.first { $0.kind == .badLabel }?.reason
                == "2 rows have a label that is not a class; the first is 3: more labels are words, so numbers are none"
        )
        let plain = try TableReaderTests.table("image,label\na.png,cat\nb.png,\n", "c.csv")
        #expect(!plain.listing.issues.contains { $0.kind == .badLabel })
    }

    @Test func ofKeysThatMeanTheSameTheFirstByItsBytesCounts() throws {
        // In which order keys come depends on all of them.
        let rows = (0..<64).map { row in
            let others = (0..<row).map { "\"x\($0)\": 1, " }.joined()
            return "{\(others)\"filename\": \"b\", \"file_name\": \"a\", \"FileName\": \"c\"}\n"
        }
        let table = try TableReaderTests.table(rows.joined(), "c.jsonl")
        #expect((0..<table.count).allSatisfy { table.name($0) == "c" })
    }

    @Test func aSetOfLabelsThatIsGivenTwiceStays() throws {
        let table = try TableReaderTests.table(
            "{\"image\": \"x.jpg\", \"label\": [\"a\"], \"labels\": \"a|b\"}", "c.jsonl")
        #expect(table.labels(0) == [0, 1] && table.classes == ["a", "b"])
        var columns = ImageColumns()
        for text in ["a|b", "b|a"] {
            try Data(text.utf8).withUnsafeBytes { bytes in try columns.set(.labels, bytes, at: 0) }
        }
        #expect(columns.labels(0) == [1, 0] && columns.labelUses == [1, 1])
    }

    @Test func aTableOfTextsThatIsFullSaysSo() throws {
        var texts = TextTable(limit: 10)
        func place(_ text: String) throws -> Int { try Data(text.utf8).withUnsafeBytes { try texts.place(of: $0) } }
        #expect(try place("seven") == 0 && place("nine") == 1)
        #expect(throws: ImageColumns.Nonsense.self) { try place("as") }
        #expect(try place("nine") == 1 && place("a") == 2 && texts.count == 3)
    }

    @Test(
        "Sets of labels",
        arguments: [
            ("c.csv", "image,labels\na.png,dog|cat\nb.png,cat\nc.png,\nd.png,cat|dog|cat\n"),
            (
                "c.jsonl",
                "{\"image\": \"a.png\", \"labels\": [\"dog\", \"cat\"]}\n{\"image\": \"b.png\", \"tags\": \"cat\"}\n"
                    + "{\"image\": \"c.png\", \"labels\": []}\n{\"image\": \"d.png\", \"label\": [\"cat\", \"dog\"]}\n"
            ),
        ])
    func sets(name: String, text: String) throws {
        let table = try TableReaderTests.table(text, name)
        #expect(table.classes == ["cat", "dog"] && table.targets == .labelSets)
        #expect((0..<table.count).map { table.labels($0).sorted() } == [[0, 1], [0], [], [0, 1]])
        #expect((0..<table.count).map(table.label) == [nil, 0, nil, nil])
    }

    @Test(
        "Every column",
        arguments: [
            (
                "c.csv",
                "filepath;score;patient_id;weight;split\na.png;1,5;p1;2;train\nb.png;;;;val\nc.png;nan;p1;.5;test\n"
            ),
            (
                "c.jsonl",
                "{\"filepath\": \"a.png\", \"score\": 1.5, \"patient_id\": \"p1\", \"weight\": 2, \"split\": \"train\"}\n"
                    + "{\"filepath\": \"b.png\", \"split\": \"validation\"}\n"
                    + "{\"filepath\": \"c.png\", \"score\": null, \"patient_id\": \"p1\", \"weight\": 0.5, \"split\": \"test\"}\n"
            ),
        ])
    func everyColumn(name: String, text: String) throws {
        let table = try TableReaderTests.table(text, name)
        let fields = (0..<table.count).map(table.fields)
        #expect(fields.map(\.value) == [1.5, nil, nil] && fields.map(\.weight) == [2, nil, 0.5])
        #expect(fields.map(\.group) == ["p1", nil, "p1"] && fields.map(\.side) == [.train, .validation, .test])
        #expect(table.columns == [.value, .group, .weight, .split] && table.targets == .values)
    }

    @Test func columnsAreChosenByName() throws {
        let text = "id,species,label,where\n1,cat,7,a.png\n2,dog,8,b.png\n"
        let table = try TableReaderTests.table(text, "c.csv", ["path=where", "label=species"])
        #expect(table.classes == ["cat", "dog"] && table.name(1) == "b.png")
        #expect(table.listing.issues.map(\.reason) == ["where is the path, species is the label; not used: id, label"])
        // A column that is chosen for one thing is not taken for another.
        let value = try TableReaderTests.table("image,target\na.png,1.5\n", "c.csv", ["value=target"])
        #expect(value.classes.isEmpty && value.fields(0).value == 1.5)
        let object = try TableReaderTests.table(
            "{\"at\": \"a\", \"label\": 1, \"kind\": \"x\"}", "c.jsonl", ["path=at", "label=kind"])
        #expect(object.classes == ["x"])
        #expect(NamedColumn("breed") == nil && NamedColumn("breed=x") == nil && NamedColumn("label=") == nil)
    }

    @Test(
        "Invalid rows are named by their line",
        arguments: [
            ("c.tsv", "a.png\tx\nb.png\n", "line 2: has 1 column, must have 2"),
            ("c.csv", "a.png,x\n\"b\n\nc.png\",y,z\n", "line 2: has 3 columns, must have 2"),
            ("c.csv", "a,b,c\n", "line 1: has 3 columns, of which none"),
            ("c.csv", "a.png\n", "line 1: has 1 column, of which none"),
            ("c.csv", "a.png,x\n\"b.png,y\n\n", "line 2: a quote is never closed"),
            ("c.csv", "a.png,x\nb.png,\"y\nz\"q\n", "line 3: something follows a closing quote"),
            ("c.tsv", "image\tcaption\n\tx\n", "line 2: names no image"),
            ("c.tsv", "image\tcaption\na\u{0}b\tx\n", "line 2: the image's path has a zero byte"),
            ("c.csv", "image,value\na.png,1\nb.png,high\n", "line 3: the value is no number: high"),
            ("c.csv", "image,weight\na.png,-1\n", "line 2: the weight is negative: -1.0"),
            ("c.jsonl", "{\"image\": \"a\"}\n\n{\"image\": 3}", "line 3: image must be text"),
            ("c.jsonl", "{\"label\": \"a\"}", "line 1: names no image"),
            ("c.jsonl", "{\"image\": \"a\", \"labels\": [\"x|y\"]}", "line 1: a label has | in it"),
            ("c.csv", "image,group\na.png,\(long)\n", "line 2: the group has 4,097 bytes, at most 4,096 are read"),
            ("c.csv", "image,split\na.png,\(long)\n", "line 2: the side has 4,097 bytes, at most 4,096 are read"),
            ("c.csv", "image,label\na.png,\(long)\n", "line 2: the label has 4,097 bytes, at most 4,096 are read"),
            ("c.csv", "image,labels\na.png,a|\(long)\n", "line 2: the label has 4,097 bytes, at most 4,096 are read"),
            ("c.jsonl", "[1]", "line 1: is no JSON object"), ("c.jsonl", "{", "line 1: is no JSON object"),
            (
                "c.csv", "id,diagnosis\na.png,3\nb.png,2\n",
                "line 1: names no column of images: id, diagnosis; call it image"
            ),
            ("c.csv", "id,diagnosis\na.png,3\n", "line 1: names no column of images"),
            ("c.csv", "id,label,age\n7,cat,3\n", "line 1: names no column of images: id, label, age"),
            ("c.csv", "\u{FEFF}\u{FEFF}", "line 1: has 1 column"),
            ("c.tsv", "", "names no images"), ("c.csv", "image,caption\n", "names no images"),
            ("c.png", "image\na.png", "is no table; its name must end in"),
        ])
    func nonsense(name: String, text: String, reason: String) {
        let error = #expect(throws: DataError.self) { try TableReaderTests.table(text, name) }
        #expect(error?.path == "d/\(name)")
        #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "")")
    }

    @Test(
        "A chosen column that is not there is told with those that are",
        arguments: [
            ("c.csv", "line 1: has no column breed; its columns are image, kind"),
            ("c.jsonl", "line 1: has no key breed, nor has any line after it"),
        ])
    func absent(name: String, reason: String) {
        let text = name == "c.csv" ? "image,kind\na.png,x\n" : "{\"image\": \"a\", \"kind\": \"x\"}\n"
        let error = #expect(throws: DataError.self) { try TableReaderTests.table(text, name, ["label=breed"]) }
        #expect(error?.reason == reason)
    }

    @Test func textsAreUTF8AndPathsAnyBytes() throws {
        func table(_ bytes: [UInt8]) throws -> ImageTable {
            try Data(bytes).withUnsafeBytes { try ImageTable($0, path: "c.tsv") }
        }
        #expect(try table([0xFF, 0x2E, 0x70, 0x6E, 0x67, 0x09, 0x61]).name(0) == "\\xff.png")
        let error = #expect(throws: DataError.self) { try table([0x61, 0x09, 0xFF]) }
        #expect(error?.reason == "line 1: the caption is not text in UTF-8; save the table as UTF-8")
        let wide = #expect(throws: DataError.self) { try table([0xFF, 0xFE, 0x61, 0]) }
        #expect(wide?.reason == "line 1: is text in UTF-16; save the table as UTF-8")
    }

    @Test(
        "The seeds of fuzzing are tables",
        arguments: [
            ("list.tsv", 2), ("list.csv", 3), ("list.jsonl", 2), ("all.csv", 2), ("sets.jsonl", 2), ("quoted.tsv", 1),
        ])
    func seeds(name: String, count: Int) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../Fixtures/tables"
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
        #expect(try data.withUnsafeBytes { try ImageTable($0, path: name) }.count == count)
    }
}
