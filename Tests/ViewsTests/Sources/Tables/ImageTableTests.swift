import Foundation
import Testing

@testable import Views

@Suite("Tables in place of folders")
struct ImageTableTests {
    private func options(_ columns: String..., root: String? = nil, bad: Double = 0.01) -> SourceOptions {
        var options = SourceOptions()
        options.columns = columns.compactMap { NamedColumn($0) }
        options.root = root
        options.maximumBad = bad
        return options
    }

    @Test func imagesAreFoundFromTheTableOrTheRoot() throws {
        let root = try TemporaryFolder()
        try root.write(["data/a.png", "other/b.png"], Data("picture".utf8))
        try root.write(["data/list.tsv"], Data("a.png\tA cat\n\(root.path)/data/a.png\tAgain\n".utf8))
        let source = try Sources.open("\(root.path)/data/list.tsv")
        #expect(source is ImageTable && source.count == 2 && source.classes.isEmpty)
        let buffer = FileBuffer()
        for index in 0..<2 {
            try source.read(index, into: buffer)
            #expect(String(decoding: buffer.bytes, as: UTF8.self) == "picture")
        }
        #expect(source.byteCount(0) == 7)
        #expect(try Subset(source, indices: [1]).caption(0) == "Again")
        try root.write(["data/more.csv"], Data("image\nb.png\n".utf8))
        #expect(try Sources.open("\(root.path)/data/more.csv", options: options(root: root.path + "/other")).count == 1)
        try FileManager.default.removeItem(atPath: root.path + "/data/a.png")
        let error = #expect(throws: DecodeError.self) { try source.read(0, into: buffer) }
        #expect(error?.path == "\(root.path)/data/a.png")
        #expect(throws: DataError.self) { try ImageTable(root.path + "/data/absent.csv") }
    }

    @Test func missingImagesAreCounted() throws {
        let root = try TemporaryFolder()
        try root.write(["a.png", "c.png"])
        try root.write(["list.csv"], Data("image,label\na.png,x\nb.png,y\nc.png,x\nd.png,z\n".utf8))
        let path = root.path + "/list.csv"
        let table = try Sources.open(path, options: options(bad: 0.5))
        #expect((0..<table.count).map(table.name) == ["a.png", "c.png"] && table.classes == ["x"])
        let note = table.listing.issues.first { $0.kind == .missing }
        #expect(note?.reason == "2 of 4 images do not exist and are skipped; the first is \(root.path)/b.png")
        let many = #expect(throws: DataError.self) { try Sources.open(path) }
        #expect(many?.reason.contains("2 of 4 images do not exist") == true)
        #expect(many?.reason.contains("more than --max-bad allows") == true)
        try root.write(["none.csv"], Data("image\nx.png\ny.png\n".utf8))
        let none = #expect(throws: DataError.self) { try Sources.open(root.path + "/none.csv") }
        #expect(
            none?.reason.hasPrefix("none of its 2 images exists, the first is \(root.path)/x.png; --root") == true)
    }

    @Test func repeatedImagesAreToldAndStayTogether() throws {
        let root = try TemporaryFolder()
        let rows = (0..<40).map { "\($0 % 20).png,\($0 % 20 < 10 ? "x" : "y")\n" }.joined()
        try root.write((0..<20).map { "\($0).png" })
        try root.write(["list.csv"], Data(("image,label\n" + rows).utf8))
        let table = try Sources.open(root.path + "/list.csv")
        #expect(
            table.listing.issues.first { $0.kind == .duplicate }?.reason
                == "20 rows name an image again; the first is 0.png")
        #expect(table.links.count == 20 && table.links[39] == 19)
        let split = Split(stratified: table, fraction: 0.3, seed: 1)
        func names(_ source: any Source) -> Set<String> { Set((0..<source.count).map(source.name)) }
        #expect(names(split.train).isDisjoint(with: names(split.test)) && split.test.count == 12)
        try root.write(["two.csv"], Data("image,label\n0.png,x\n0.png,y\n".utf8))
        let two = try Sources.open(root.path + "/two.csv")
        #expect(two.listing.issues.last?.reason.hasSuffix("; 1 image has several labels") == true)
    }

    @Test func aColumnTellsTheSides() throws {
        let root = try TemporaryFolder()
        try root.write((0..<6).map { "\($0).png" })
        let sides = ["train", "Training", "val", "test", "", "train"]
        let rows = sides.enumerated().map { "\($0).png,\($0 % 2),\($1)\n" }.joined()
        let path = root.path + "/list.csv"
        try root.write(["list.csv"], Data(("image,label,split\n" + rows).utf8))
        let split = try Split(images: path)
        #expect(split.origin == .column(train: .train, test: .test) && split.isOfSides)
        #expect((0..<split.train.count).map(split.train.name) == ["0.png", "1.png", "5.png"])
        #expect((0..<split.test.count).map(split.test.name) == ["3.png"])
        #expect(split.summary?.headline == "\(path): train 3 images of 2 classes, test 1, validation 1 (not used)")
        #expect(split.summary?.notes.contains("1 image without a side is not used") == true)
        #expect(try OpenedImages(path, side: .validation).source.count == 1)
        let all = try OpenedImages(path, usual: .all).source
        #expect(all.count == 5 && (0..<5).map { all.fields($0).side } == [.train, .train, .train, .test, .validation])
        #expect(try OpenedImages(path, side: .unsplit).source.count == 6)
        // Words that are no sides are no sides, and numbers are folds.
        try root.write(["odd.csv"], Data("image,split\n0.png,a\n1.png,b\n".utf8))
        #expect(try Sources.open(root.path + "/odd.csv").columns.isEmpty)
        try root.write(["folds.csv"], Data("image,fold\n0.png,0\n1.png,1\n".utf8))
        let folds = try Sources.open(root.path + "/folds.csv")
        #expect(folds.columns == [.group] && folds.fields(1).group == "1")
    }

    @Test(
        "A folder's metadata is found by itself",
        arguments: [
            ("metadata.csv", "file_name,text\ncat/a.png,A cat\ndog/b.png,A dog\n"),
            (
                "metadata.jsonl",
                "{\"file_name\": \"cat/a.png\", \"text\": \"A cat\"}\n{\"file_name\": \"dog/b.png\", \"text\": \"A dog\"}\n"
            ),
        ])
    func metadata(name: String, text: String) throws {
        let root = try TemporaryFolder()
        try root.write(["cat/a.png", "dog/b.png", "dog/c.png"])
        try root.write([name], Data(text.utf8))
        let opened = try OpenedImages(root.path)
        #expect(opened.summary.headline == "\(root.path)/\(name): 2 images of 2 classes")
        #expect(opened.source.classes == ["cat", "dog"] && opened.source.label(1) == 1)
        #expect(try opened.source.caption(1) == "A dog")
        #expect(
            opened.summary.notes.contains { $0.hasSuffix("does not name 1 image in \(root.path), which are skipped") })
        // A table of something else is none.
        try root.write([name], Data("id,age\n1,2\n".utf8))
        #expect(try OpenedImages(root.path).source.count == 3)
    }

    @Test func columnsGoWithTablesAlone() throws {
        let root = try TemporaryFolder()
        try root.write(["x/a.png", "x/b.png"])
        let error = #expect(throws: DataError.self) { try OpenedImages(root.path, options: options("label=y")) }
        #expect(error?.reason == "is not a table, so --column and --root do not apply")
        try root.write(["list.csv"], Data("image,kind\nx/a.png,x\n".utf8))
        // Images to judge by may lie in a folder.
        let split = try Split(images: root.path + "/list.csv", test: root.path, options: options("label=kind"))
        #expect(split.train.classes == ["x"] && split.test.count == 2)
    }

    @Test func aTextOfColumnsIsATable() throws {
        let root = try TemporaryFolder()
        try root.write(["a.png"])
        try root.write(["captions.txt"], Data("image,caption\na.png,A cat\n".utf8))
        try root.write(["tabs.txt"], Data("image\tlabel\r\na.png\tcat\r\n".utf8))
        #expect(try Sources.open(root.path + "/captions.txt").caption(0) == "A cat")
        #expect(try Sources.open(root.path + "/tabs.txt").classes == ["cat"])
    }

    @Test func whatIsToBePredictedIsTold() throws {
        let root = try TemporaryFolder()
        try root.write(["a.png", "b.png"])
        let rows = [
            ("image,value\na.png,1.5\nb.png,-2\n", "2 images with values from -2 to 1.5"),
            ("image,labels\na.png,x|y\nb.png,x\n", "2 images of 2 classes, 1.5 each"),
            ("image\na.png\nb.png\n", "2 images, no classes"),
        ]
        for (text, said) in rows {
            try root.write(["list.csv"], Data(text.utf8))
            #expect(try OpenedImages(root.path + "/list.csv").summary.headline == "\(root.path)/list.csv: \(said)")
        }
    }
}
