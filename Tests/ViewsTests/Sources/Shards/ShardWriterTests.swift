import Files
import Foundation
import Testing

@testable import Views

@Suite("Packing shards")
struct ShardWriterTests {
    /// 30 images of three classes, two of which cannot be used.
    private func images() throws -> TemporaryFolder {
        let root = try TemporaryFolder()
        for index in 0..<30 {
            let picture = Pictures.picture(index, width: 8 + index, height: 9)
            let name = "in/\("abc".map(String.init)[index % 3])/p.\(index).\(index % 2 == 0 ? "png" : "jpg")"
            // Half of the names lie about the format.
            try root.write([name], index % 4 < 2 ? Pictures.png(picture) : Pictures.ppm(picture))
        }
        try root.write(["in/a/broken.png"], Data(Pictures.png(Pictures.picture(0)).prefix(200)))
        try root.write(["in/b/notes.jpg"], Data("text".utf8))
        return root
    }

    private func bytes(_ source: any Source, _ index: Int) throws -> [UInt8] {
        let buffer = FileBuffer()
        try source.read(index, into: buffer)
        return Array(buffer.bytes)
    }

    @Test func whatIsPackedIsReadBack() throws {
        let root = try images()
        let folder = try ImageFolder(root.path + "/in")
        let report = try ShardWriter(output: root.path + "/out/s-%03d.tar").pack(folder)
        #expect(report.images == 30 && report.shards.map(\.path) == [root.path + "/out/s-000.tar"])
        #expect(Set(report.skipped.map(\.path)) == ["a/broken.png", "b/notes.jpg"])
        let size = try FileManager.default.attributesOfItem(atPath: report.shards[0].path)[.size] as? Int
        #expect(report.bytes == size)
        let shards = try Sources.open(root.path + "/out")
        #expect(shards.count == 30 && shards.classes == ["a", "b", "c"] && shards.listing.issues.isEmpty)
        var seen: [[UInt8]: Int] = [:]
        for index in 0..<30 { seen[try bytes(shards, index)] = shards.label(index) }
        for index in 0..<folder.count where !["a/broken.png", "b/notes.jpg"].contains(folder.name(index)) {
            #expect(seen[try bytes(folder, index)] == folder.label(index))
        }
        // Shuffled, so that neighbours are of several classes.
        #expect((0..<30).map { shards.label($0) ?? -1 } != (0..<30).map { shards.label($0) ?? -1 }.sorted())
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.path + "/out") == ["s-000.tar"])
    }

    @Test(arguments: [1, 4, 7])
    func shardsKeepToTheirLimitsAndBytesToTheSeed(_ threads: Int) throws {
        let root = try images()
        let folder = try ImageFolder(root.path + "/in")
        var options = ShardWriter.Options()
        options.maximumImages = 7
        options.threads = threads
        let report = try ShardWriter(output: root.path + "/a/%d.tar", options: options).pack(folder)
        #expect(report.shards.map(\.images) == [7, 7, 7, 7, 2])
        options.threads = 2
        let again = try ShardWriter(output: root.path + "/b/%d.tar", options: options).pack(folder)
        for number in 0..<5 {
            #expect(
                FileManager.default.contentsEqual(
                    atPath: root.path + "/a/\(number).tar", andPath: root.path + "/b/\(number).tar"))
        }
        #expect(again.skipped == report.skipped)
        options.seed = 1
        _ = try ShardWriter(output: root.path + "/c/%d.tar", options: options).pack(folder)
        #expect(!FileManager.default.contentsEqual(atPath: root.path + "/a/0.tar", andPath: root.path + "/c/0.tar"))
        options.maximumImages = 1000
        options.maximumBytes = 12_000
        let small = try ShardWriter(output: root.path + "/d/%d.tar", options: options).pack(folder)
        #expect(small.images == 30 && small.shards.count > 3 && small.shards.allSatisfy { $0.bytes <= 12_000 })
        options.maximumBytes = 1
        #expect(try ShardWriter(output: root.path + "/e/%d.tar", options: options).pack(folder).shards.count == 30)
    }

    @Test func theOrderOfTheSourceIsKeptWithoutASeed() throws {
        let root = try images()
        let folder = try ImageFolder(root.path + "/in")
        var options = ShardWriter.Options()
        options.seed = nil
        _ = try ShardWriter(output: root.path + "/out/%06d.tar", options: options).pack(folder)
        let shards = try TarShards(root.path + "/out/000000.tar")
        #expect(
            (0..<30).map { shards.label($0) ?? -1 } == Array(repeating: 0, count: 10) + Array(repeating: 1, count: 10)
                + Array(repeating: 2, count: 10))
        #expect(shards.name(0) == "000000.tar/a/p_0.png" && shards.name(1) == "000000.tar/a/p_12.png")
    }

    @Test func whatIsThereIsNotReplacedUnlessAsked() throws {
        let root = try images()
        let folder = try ImageFolder(root.path + "/in")
        var options = ShardWriter.Options()
        options.maximumImages = 5
        _ = try ShardWriter(output: root.path + "/out/%d.tar", options: options).pack(folder)
        #expect(throws: FileError.self) {
            try ShardWriter(output: root.path + "/out/%d.tar", options: options).pack(folder)
        }
        options.maximumImages = 20
        options.replaces = true
        _ = try ShardWriter(output: root.path + "/out/%d.tar", options: options).pack(folder)
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.path + "/out").sorted() == ["0.tar", "1.tar"])
        #expect(try Sources.open(root.path + "/out").count == 30)
    }

    @Test(arguments: ["shards.tar", "%s.tar", "%06d-%d.tar", "%-3d.tar", "%x.tar"])
    func theOutputNeedsAPlaceForTheNumber(_ output: String) {
        #expect(throws: FileError.self) { try ShardWriter(output: output) }
    }

    /// A source of names.
    struct Named: Source {
        let names: [String]
        var count: Int { names.count }
        var classes: [String] { [] }
        func label(_ index: Int) -> Int? { nil }
        func name(_ index: Int) -> String { names[index] }
        func caption(_ index: Int) throws(DecodeError) -> String? { index == 0 ? "a caption" : nil }
        func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
            Array(Pictures.ppm(Pictures.picture(index, width: 3, height: 2))).withUnsafeBytes { buffer.load($0) }
        }
    }

    @Test func keysAreUniqueAndLeadNowhere() throws {
        let root = try TemporaryFolder()
        let long = String(repeating: "n", count: 150) + "/" + String(repeating: "m", count: 150)
        let source = Named(names: [
            "a.jpg", "a.png", "b/a.b.jpg", "b/a_b.jpg", "a~2.jpg", "../../etc/x.jpg", "/abs/./y.jpg", "__z__/1.jpg",
            ".jpg",
            "shard.tar:17", long + ".jpg", "caf\u{e9}.jpg", "",
        ])
        var options = ShardWriter.Options()
        options.seed = nil
        _ = try ShardWriter(output: root.path + "/%d.tar", options: options).pack(source)
        let shards = try TarShards(root.path + "/0.tar")
        #expect(
            (0..<shards.count).map { String(shards.name($0).dropFirst("0.tar/".count)) } == [
                "a.ppm", "a~2.ppm", "b/a_b.ppm", "b/a_b~2.ppm", "a~2~2.ppm", "_/_/etc/x.ppm", "abs/_/y.ppm",
                "z___/1.ppm", "_.ppm",
                "shard_tar:17.ppm", long + ".ppm", "caf\u{e9}.ppm", "_~2.ppm",
            ])
        #expect(try shards.caption(0) == "a caption" && shards.caption(1) == nil && shards.label(0) == nil)
    }

    @Test func aFullDiskIsAnErrorAndLeavesNothing() throws {
        let root = try images()
        try root.write(["file"])
        let folder = try ImageFolder(root.path + "/in")
        #expect(throws: FileError.self) { try ShardWriter(output: root.path + "/file/%d.tar").pack(folder) }
    }
}
