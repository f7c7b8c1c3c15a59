import Foundation
import Testing

@testable import Views

@Suite("Opening sources")
struct SourcesTests {
    private func tar(_ root: TemporaryFolder, _ name: String, classes: [String], labels: [Int]) throws {
        var tar = TarBuilder()
        tar.add("__meta__/classes.txt", classes.joined(separator: "\n"))
        for (index, label) in labels.enumerated() {
            tar.add("\(index).jpg", "x")
            tar.add("\(index).cls", "\(label)")
        }
        try root.write([name], tar.ended)
    }

    @Test func theArgumentDecidesTheKind() throws {
        let root = try TemporaryFolder()
        try tar(root, "shards/a-0.tar", classes: ["x"], labels: [0])
        try tar(root, "shards/a-1.tar", classes: ["x"], labels: [0, 0])
        try root.write(["images/cat/1.jpg", "mixed/cat/1.jpg", "flat.tar/1.jpg"])
        try tar(root, "mixed/a.tar", classes: [], labels: [])
        try root.write(["shards/README", "shards/.hidden"])
        let kinds: [(String, Any.Type, Int)] = [
            ("images", ImageFolder.self, 1), ("shards", TarShards.self, 3), ("shards/a-0.tar", TarShards.self, 1),
            ("shards/a-{0..1}.tar", TarShards.self, 3), ("mixed", ImageFolder.self, 1),
            ("flat.tar", ImageFolder.self, 1),
        ]
        for (name, kind, count) in kinds {
            let source = try Sources.open("\(root.path)/\(name)")
            #expect(type(of: source) == kind && source.count == count, "\(name)")
        }
        #expect(throws: DataError(path: root.path + "/none", reason: "no such file or directory")) {
            try Sources.open(root.path + "/none")
        }
        #expect(throws: DataError(path: root.path + "/none.tar", reason: "no such file or directory")) {
            try Sources.open(root.path + "/none.tar")
        }
    }

    @Test func shardsMayHaveNamesOfAnyBytes() throws {
        let root = try TemporaryFolder()
        try tar(root, "x/a.tar", classes: ["x"], labels: [0])
        let path = Array("\(root.path)/x/\u{0}".utf8.dropLast()) + [0xE9] + Array(".tar".utf8) + [0]
        #expect(rename("\(root.path)/x/a.tar", path.map { CChar(bitPattern: $0) }) == 0)
        let source = try Sources.open(root.path + "/x")
        #expect(source.count == 1 && source.name(0) == #"\xe9.tar/0.jpg"#)
        try source.read(0, into: FileBuffer())
    }

    @Test func testSourcesAreLabelledByTheTrainingClasses() throws {
        let root = try TemporaryFolder()
        try root.write(["learn/cat/1.jpg", "learn/dog/1.jpg"])
        try tar(root, "judge.tar", classes: ["dog", "emu", "cat"], labels: [0, 1, 2])
        let split = try Split(images: root.path + "/learn", test: root.path + "/judge.tar")
        #expect(split.test.classes == ["cat", "dog"] && (0..<3).map(split.test.label) == [1, nil, 0])
        #expect(split.issues.map(\.kind) == [.unknownClass])
        #expect(split.origin == .folders(train: root.path + "/learn", test: root.path + "/judge.tar"))
    }

    @Test func aSourceThatHasOtherClassesIsRelabelledByName() throws {
        let base = Relabelled(SplitTests.Labels(labels: [0, 1, 2, -1]), classes: ["class 2", "class 0"])
        #expect((0..<4).map(base.label) == [1, nil, 0, nil] && base.classes == ["class 2", "class 0"])
        #expect(base.listing.issues.map(\.path) == ["class 1"])
    }

    @Test func foldersOfShardsAreSplitLikeFoldersOfImages() throws {
        let root = try TemporaryFolder()
        try tar(root, "all/train/a.tar", classes: ["x", "y"], labels: [0, 1, 1])
        try tar(root, "all/val/a.tar", classes: ["y", "x"], labels: [0])
        let split = try Split(images: root.path + "/all")
        #expect(split.train.count == 3 && split.test.label(0) == 1)
        #expect(split.origin == .folders(train: "train", test: "val"))
        let chance = try Split(images: root.path + "/all/train", fraction: 0.5, seed: 2)
        #expect(chance.test.count == 1 && chance.origin == .stratified(seed: 2, fraction: 0.5))
        #expect(chance.train.runs == [0..<2])
    }

    @Test func theListingTellsItsProgress() throws {
        let root = try TemporaryFolder()
        try root.write((0..<10).map { "a/\($0).jpg" })
        for index in 0..<8200 { link("\(root.path)/a/0.jpg", "\(root.path)/a/x\(index).jpg") }
        var told: [Int] = []
        let folder = try ImageFolder(root.path) { told.append($0) }
        #expect(folder.count == 8210 && told == [8192])
    }
}
