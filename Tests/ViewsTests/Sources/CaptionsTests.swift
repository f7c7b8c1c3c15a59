import Foundation
import Testing

@testable import Views

@Suite("Captions")
struct CaptionsTests {
    private func read(_ text: String, _ format: CaptionsFile.Format) throws -> [[String]] {
        let file = try Data(text.utf8).withUnsafeBytes { try CaptionsFile($0, format: format, path: "d/c.x") }
        return try (0..<file.count).map { [file.name($0), try file.caption($0) ?? "-"] }
    }

    @Test(
        "Tables of every form say the same",
        arguments: [
            (CaptionsFile.Format.tsv, "a.png\tA cat\nb/ü.jpg\tTwo, \"dogs\"\n"),
            (.tsv, "a.png\tA cat\r\n\r\nb/ü.jpg\tTwo, \"dogs\""),
            (.tsv, "\u{FEFF}Caption\tother\tFILEPATH\nA cat\tx\ta.png\nTwo, \"dogs\"\ty\tb/ü.jpg\n"),
            (.csv, "a.png,A cat\nb/ü.jpg,\"Two, \"\"dogs\"\"\"\n"),
            (.csv, "image,caption\na.png,A cat\n\nb/ü.jpg,\"Two, \"\"dogs\"\"\""),
            (.csv, "id,title,file_name\r\n1,\"A cat\",\"a.png\"\r\n2,\"Two, \"\"dogs\"\"\",b/ü.jpg\r\n"),
            (
                .jsonl,
                "{\"image\": \"a.png\", \"caption\": \"A cat\"}\n{\"text\": \"Two, \\\"dogs\\\"\", \"file_name\": \"b/\\u00fc.jpg\", \"n\": [1]}"
            ),
        ])
    func tablesOfEveryForm(format: CaptionsFile.Format, text: String) throws {
        #expect(try read(text, format) == [["a.png", "A cat"], ["b/ü.jpg", "Two, \"dogs\""]])
    }

    @Test(
        "A column of labels makes classes",
        arguments: [
            (CaptionsFile.Format.csv, "image,label\na.png,dog\nb.png,cat\nc.png,\nd.png,dog\n", "cat dog", "1 0 - 1"),
            (.tsv, "Filename\tCaption\tClass\na.png\tx\t10\nb.png\ty\t9\n", "0 1 2 3 4 5 6 7 8 9 10", "10 9"),
            (.csv, "image,label\na.png,2000000000\nb.png,03\n", "3 2000000000", "1 0"),
            (.jsonl, "{\"image\": \"a\", \"label\": \"dog\"}\n{\"image\": \"b\", \"caption\": \"x\"}\n", "dog", "0 -"),
            (.jsonl, "{\"image\": \"a\", \"label\": 1}\n{\"image\": \"b\", \"label\": 0}\n", "0 1", "1 0"),
        ])
    func labels(format: CaptionsFile.Format, text: String, classes: String, labels: String) throws {
        let file = try Data(text.utf8).withUnsafeBytes { try CaptionsFile($0, format: format, path: "d/c.x") }
        #expect(file.classes.joined(separator: " ") == classes)
        #expect((0..<file.count).map { file.label($0).map(String.init) ?? "-" }.joined(separator: " ") == labels)
    }

    @Test func aTextOfColumnsIsATable() throws {
        let root = try TemporaryFolder()
        try root.write(["captions.txt"], Data("image,caption\na.png,A cat\n".utf8))
        try root.write(["tabs.txt"], Data("image\tlabel\r\na.png\tcat\r\n".utf8))
        #expect(try Sources.open(root.path + "/captions.txt").caption(0) == "A cat")
        #expect(try Sources.open(root.path + "/tabs.txt").classes == ["cat"])
    }

    @Test(
        "Files that are no IMAGES say what they are",
        arguments: [
            ("x.json", "{\"info\": {}, \"annotations\": []}", "a JSON file of annotations"),
            ("x.json", "[1]", "one JSON value"),
            ("x.txt", "1.jpg#0\tA dog\n", "as Flickr8k's"), ("x.txt", "a.png b.png", "neither a folder nor"),
            ("x.zip", "PK\u{3}\u{4}", "a ZIP archive; unpack it (unzip"), ("x", "PAR1", "a Parquet table"),
            ("x.png", "P6 1 1 255 abc", "one picture; give the folder"), ("x.csv", "PK\u{3}\u{4}", "a ZIP archive"),
        ])
    func others(name: String, text: String, said: String) throws {
        let root = try TemporaryFolder()
        try root.write([name], Data(text.utf8))
        let error = #expect(throws: DataError.self) { try Sources.open("\(root.path)/\(name)") }
        #expect(error?.reason.contains(said) == true, "\(error?.reason ?? "")")
    }

    @Test func fieldsMayBeEmptyOrHaveLines() throws {
        #expect(try read("a.png,\"one\ntwo\"\nb.png,", .csv) == [["a.png", "one\ntwo"], ["b.png", "-"]])
        #expect(try read("a.png,x\nb.png,\n", .csv) == [["a.png", "x"], ["b.png", "-"]])
        #expect(try read("a.png\t\n", .tsv) == [["a.png", "-"]])
        #expect(try read("{\"image\": \"a\", \"caption\": null}", .jsonl) == [["a", "-"]])
        // A quote inside of a field is one.
        #expect(try read("a 5\" disk.png,x", .csv) == [["a 5\" disk.png", "x"]])
    }

    @Test(
        "Rows that make no sense are named by their line",
        arguments: [
            (CaptionsFile.Format.tsv, "a.png\tx\nb.png\n", "line 2: has 1 columns, must have 2"),
            (.csv, "a.png,x\n\"b\n\nc.png\",y,z\n", "line 2: has 3 columns, must have 2"),
            (.csv, "a,b,c\n", "line 1: has 3 columns, of which none"),
            (.csv, "a.png,x\n\"b.png,y\n\n", "line 2: a quote is never closed"),
            (.csv, "a.png,x\nb.png,\"y\nz\"q\n", "line 3: something follows a closing quote"),
            (.tsv, "image\tcaption\n\tx\n", "line 2: names no image"),
            (.tsv, "image\tcaption\na\u{0}b\tx\n", "line 2: the image's path has a zero byte"),
            (
                .jsonl, "{\"image\": \"a\", \"caption\": \"b\"}\n\n{\"image\": 3, \"caption\": \"b\"}",
                "line 3: image must be text"
            ),
            (.jsonl, "{\"image\": \"a\"}", "line 1: must have the keys image and caption"),
            (.jsonl, "[1]", "line 1: is no JSON object"), (.jsonl, "{", "line 1: is no JSON object"),
            (
                .csv, "image,breed\na.png,pug\n",
                "line 1: names the columns image, breed; call one of them caption or label"
            ),
            (.csv, "id,diagnosis\na.png,3\nb.png,2\n", "line 1: names columns that are not known"),
            (.csv, "id,diagnosis\na.png,3\n", "line 1: names columns that are not known"),
            (.tsv, "", "names no images"), (.csv, "image,caption\n", "names no images"),
        ])
    func nonsense(format: CaptionsFile.Format, text: String, reason: String) {
        let error = #expect(throws: DataError.self) { try read(text, format) }
        #expect(error?.path == "d/c.x")
        #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "")")
    }

    @Test("The seeds of fuzzing are tables", arguments: [("tsv", 2), ("csv", 3), ("jsonl", 2)])
    func seeds(ending: String, count: Int) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../Fixtures/captions"
        #expect(try CaptionsFile("\(folder)/list.\(ending)").count == count)
    }

    @Test func textMustBeUTF8() {
        let error = #expect(throws: DataError.self) {
            try Data([0x61, 0x09, 0xFF]).withUnsafeBytes { try CaptionsFile($0, format: .tsv, path: "c") }
        }
        #expect(error?.reason == "line 1: the caption is not text in UTF-8")
    }

    @Test func imagesAreFoundFromTheTable() throws {
        let root = try TemporaryFolder()
        try root.write(["data/a.png"], Data("picture".utf8))
        try root.write(["data/list.tsv"], Data("a.png\tA cat\n\(root.path)/data/a.png\tAgain\nnone.png\tGone\n".utf8))
        let source = try Sources.open("\(root.path)/data/list.tsv")
        #expect(source is CaptionsFile && source.count == 3 && source.classes.isEmpty)
        let buffer = FileBuffer()
        for index in 0..<2 {
            try source.read(index, into: buffer)
            #expect(String(decoding: buffer.bytes, as: UTF8.self) == "picture")
        }
        let error = #expect(throws: DecodeError.self) { try source.read(2, into: buffer) }
        #expect(error?.path == "\(root.path)/data/none.png")
        #expect(try Subset(source, indices: [1]).caption(0) == "Again")
        #expect(throws: DataError.self) { try CaptionsFile(root.path + "/data/absent.csv") }
        #expect(throws: DataError.self) { try CaptionsFile(root.path + "/data/a.png") }
    }

    @Test func aFoldersCaptionsLieBesideItsImages() throws {
        let root = try TemporaryFolder()
        try root.write(["x/a.png", "x/b.tar.JPG", "x/c.png", "x/d.png"])
        try root.write(["x/a.txt"], Data("A cat.\nfr.utf8=Un chat.\n".utf8))
        try root.write(["x/b.tar.txt"], Data([0x62, 0xFF]))
        try root.write(["x/d.txt"], Data())
        let folder = try ImageFolder(root.path + "/x")
        #expect((0..<4).map(folder.name) == ["a.png", "b.tar.JPG", "c.png", "d.png"])
        #expect(
            try (0..<4).map { try folder.caption($0) } == ["A cat.\nfr.utf8=Un chat.\n", "b\u{FFFD}", nil, ""])
        try FileManager.default.createDirectory(atPath: root.path + "/x/c.txt", withIntermediateDirectories: true)
        #expect(throws: DecodeError.self) { try folder.caption(2) }
    }

    @Test func theFirstLineOrTheWhole() {
        #expect(CaptionText.firstLine.part(of: "\u{FEFF}\n \n\t A cat. \r\nfr=Un chat") == "A cat.")
        #expect(CaptionText.whole.part(of: "\u{FEFF} A cat.\nTwo\n") == "A cat.\nTwo")
        for text in ["", " \n\t\n", "\u{FEFF}"] {
            #expect(CaptionText.firstLine.part(of: text) == nil && CaptionText.whole.part(of: text) == nil)
        }
    }

    @Test func namesDecideASplitWithoutClasses() throws {
        let root = try TemporaryFolder()
        let table = (0..<2000).map { "images/\($0 / 2).png\tcaption \($0)\n" }.joined()
        try root.write(["list.tsv"], Data(table.utf8))
        let split = try Split(images: root.path + "/list.tsv", fraction: 0.3, seed: 4, by: .byName)
        #expect(split.origin == .hashed(seed: 4, fraction: 0.3))
        // Five standard deviations of 1,000 names.
        #expect(abs(Double(split.test.count) / 2000 - 0.3) < 5 * (0.21 / 1000).squareRoot())
        func names(_ source: any Source) -> Set<String> { Set((0..<source.count).map(source.name)) }
        #expect(names(split.train).isDisjoint(with: names(split.test)))
        #expect(split.train.count + split.test.count == 2000)
        // Others come, and the side stays; the ending does not matter.
        try root.write(["more.tsv"], Data((table.replacing(".png", with: ".jpg") + "x.png\ty\n").utf8))
        let more = try Split(images: root.path + "/more.tsv", fraction: 0.3, seed: 4, by: .byName)
        #expect(names(split.test).map { $0.replacing(".png", with: ".jpg") }.allSatisfy(names(more.test).contains))
        let other = try Split(images: root.path + "/list.tsv", fraction: 0.3, seed: 5, by: .byName)
        #expect(names(other.test) != names(split.test))
    }
}
