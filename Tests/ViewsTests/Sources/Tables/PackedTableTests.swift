import Files
import Foundation
import Testing

@testable import Views

@Suite("Tables in shards and back")
struct PackedTableTests {
    private let rows = """
        image,labels,value,group,split,caption,weight
        0.png,cat|dog,1.5,p1,train,"A cat, a dog",2
        1.png,dog,,p1,train,,
        2.png,,-3,p2,val,x,0.5
        3.png,cow,0,,test,y,1

        """

    private func table(_ text: String) throws -> (TemporaryFolder, any Source) {
        let root = try TemporaryFolder()
        for index in 0..<4 {
            try root.write(["\(index).png"], Pictures.png(Pictures.picture(index, width: 8, height: 8)))
        }
        try root.write(["list.csv"], Data(text.utf8))
        return (root, try Sources.open(root.path + "/list.csv"))
    }

    private func facts(_ source: any Source) throws -> [String] {
        try (0..<source.count).map { index in
            let labels = source.labels(index).map { source.classes[$0] }.sorted()
            let name = source.name(index).split(separator: "/").last ?? ""
            return "\(name) \(labels) \(source.fields(index)) \(try source.caption(index) ?? "")"
        }.sorted()
    }

    @Test func shardsGiveBackWhatATableSays() throws {
        let (root, table) = try table(rows)
        var options = ShardWriter.Options()
        options.maximumImages = 3
        _ = try ShardWriter(output: root.path + "/s/%d.tar", options: options).pack(table)
        let shards = try Sources.open(root.path + "/s")
        #expect(shards.classes == table.classes && shards.columns == table.columns.subtracting([.caption]))
        #expect(try facts(shards) == facts(table))
        // Sides are sides in shards too.
        let split = try Split(images: root.path + "/s")
        #expect(split.origin == .column(train: .train, test: .test))
        #expect(split.train.count == 2 && split.test.count == 1)
        #expect(split.summary?.notes.contains { $0.contains("skipped") || $0.contains("ignored") } == false)
    }

    @Test func classesAloneNeedNoObject() throws {
        let (root, table) = try table("image,label,caption\n0.png,cat,x\n1.png,dog,y\n")
        _ = try ShardWriter(output: root.path + "/s/%d.tar").pack(table)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: root.path + "/s/0.tar"))
        #expect(bytes.range(of: Data(".json".utf8)) == nil)
        #expect(try facts(Sources.open(root.path + "/s")) == facts(table))
    }

    @Test func aTableIsWrittenAsItIsRead() throws {
        let (root, table) = try table(rows)
        let text = TableWriter.text(of: table, paths: (0..<4).map(table.name))
        #expect(
            text == """
                path,labels,value,split,group,weight,caption
                0.png,cat|dog,1.5,train,p1,2.0,"A cat, a dog"
                1.png,dog,,train,p1,,
                2.png,,-3.0,val,p2,0.5,x
                3.png,cow,0.0,test,,1.0,y

                """)
        try root.write(["again.csv"], Data(text.utf8))
        #expect(try facts(Sources.open(root.path + "/again.csv")) == facts(table))
        let some = TableWriter.text(of: Subset(table, indices: [3, 1]), indices: [1], paths: ["\"\u{596}a\""])
        #expect(some == "path,labels,value,split,group,weight,caption\n\"\"\"\u{596}a\"\"\",dog,,train,p1,,\n")
    }

    /// Keys that others use for something else say nothing.
    @Test func objectsOfOthersAreNoColumns() throws {
        let root = try TemporaryFolder()
        let picture = Array(try Pictures.png(Pictures.picture(0, width: 8, height: 8)))
        let objects = [
            "{\"label\": 1, \"value\": \"high\", \"group\": null, \"labels\": {\"a\": 1}, \"split\": \"x\", \"score\": 3}",
            "{\"class\": \"2\", \"weight\": -1, \"title\": \"x\"}", "[1]", "{",
        ]
        let path = root.path + "/s.tar"
        let file = open(path, O_WRONLY | O_CREAT, 0o644)
        let tar = TarWriter(file: file, path: path)
        for (index, object) in objects.enumerated() {
            try picture.withUnsafeBytesTyped { bytes throws(FileError) in try tar.add(Array("\(index).png".utf8), bytes)
            }
            try tar.add(Array("\(index).json".utf8), object)
        }
        try tar.finish()
        close(file)
        let source = try Sources.open(path)
        #expect((0..<4).map(source.label) == [1, 2, nil, nil] && source.count == 4)
        #expect((0..<4).allSatisfy { source.fields($0) == ImageFields() && source.labels($0).count < 2 })
        #expect(!source.columns.contains(.split) && source.targets == .classes)
    }
}
