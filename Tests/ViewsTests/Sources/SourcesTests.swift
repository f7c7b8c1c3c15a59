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

    /// All images that a loader of small views delivers, and what it left out.
    private func load(_ source: any Source, _ sampler: Sampler) throws -> (
        samples: [Int], quarantine: [QuarantineRecord]
    ) {
        let pipeline = try ViewPipelineTests.pipeline("branches: [{count: 2, size: 8, steps: [resized_crop]}]")
        var options = LoaderOptions()
        options.threads = 2
        options.badImages = .skip(maximum: 1)
        let loader = try Loader(source, pipeline: pipeline, sampler: sampler, seed: 1, epochs: 0..<1, options: options)
        var samples: [Int] = []
        while let batch = try loader.next() { samples += batch.samples }
        return (samples, loader.quarantine)
    }

    @Test func loadersReadPackedShardsByRuns() throws {
        let root = try TemporaryFolder()
        for index in 0..<20 { try root.write(["in/a/\(index).png"], Pictures.png(Pictures.picture(index))) }
        var packing = ShardWriter.Options()
        packing.maximumImages = 6
        _ = try ShardWriter(output: root.path + "/out/%d.tar", options: packing).pack(ImageFolder(root.path + "/in"))
        let shards = try Sources.open(root.path + "/out")
        #expect(shards.runs == [0..<6, 6..<12, 12..<18, 18..<20])
        var all: [Int] = []
        for rank in 0..<2 {
            let sampler = Sampler(
                count: 20, batch: 3, seed: 1, dropLast: false, shuffle: .runs(shards.runs, buffer: 4),
                rank: .init(rank, of: 2))
            let (samples, quarantine) = try load(shards, sampler)
            #expect(samples == sampler.order(epoch: 0) && quarantine.isEmpty)
            all += samples
        }
        #expect(all.sorted() == Array(0..<20))
    }

    @Test func imagesThatVanishUnderALoaderAreLeftOut() throws {
        let root = try TemporaryFolder()
        for index in 0..<6 { try root.write(["a/\(index).png"], Pictures.png(Pictures.picture(index))) }
        let folder = try ImageFolder(root.path)
        try FileManager.default.removeItem(atPath: root.path + "/a/2.png")
        try root.write(["a/4.png"], Data("something else".utf8))
        try FileManager.default.removeItem(atPath: root.path + "/a/5.png")
        #expect(mkfifo(root.path + "/a/5.png", 0o600) == 0)
        let (samples, quarantine) = try load(folder, Sampler(count: 6, batch: 2, seed: nil, dropLast: false))
        #expect(samples == [0, 1, 3] && quarantine.map(\.kind) == [.unreadable, .unsupported, .unreadable])
    }
}
