import Foundation
import Testing

@testable import Views

@Suite("Tar shards")
struct TarShardsTests {
    struct Expected: Decodable {
        var name: String
        var offset: Int
        var size: Int
        var file: Bool
    }

    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/tar")

    func names(_ source: some Source) -> [String] { (0..<source.count).map(source.name) }

    func contents(_ source: some Source, _ index: Int) throws -> [UInt8] {
        let buffer = FileBuffer()
        try source.read(index, into: buffer)
        return Array(buffer.bytes)
    }

    func shard(_ root: TemporaryFolder, _ name: String = "a.tar", _ fill: (inout TarBuilder) -> Void) throws
        -> String
    {
        var tar = TarBuilder()
        fill(&tar)
        try root.write([name], tar.ended)
        return "\(root.path)/\(name)"
    }

    // MARK: What others wrote

    @Test(arguments: ["ustar", "gnu", "pax", "sparse"])
    func membersAreThoseThatPythonSees(_ form: String) throws {
        let all = try JSONDecoder().decode(
            [String: [Expected]].self, from: Data(contentsOf: Self.fixtures.appending(path: "expected.json")))
        let expected = try #require(all[form]).filter(\.file)
        let (handle, shard) = try ShardFiles.open(Array(Self.fixtures.appending(path: "\(form).tar").path.utf8))
        var members = TarMembers(file: handle.file, size: shard.size)
        var found: [TarMembers.Member] = []
        while let member = try members.next() { if member.isFile { found.append(member) } }
        #expect(found.map { $0.name.map { String(format: "%02x", $0) }.joined() } == expected.map(\.name))
        #expect(found.map(\.offset) == expected.map(\.offset) && found.map(\.size) == expected.map(\.size))
    }

    @Test func samplesAreGroupedByKey() throws {
        let shards = try TarShards(Self.fixtures.appending(path: "pax.tar").path)
        let long = "pax.tar/folder-\(String(repeating: "a", count: 60))/\(String(repeating: "b", count: 70))/image.jpg"
        #expect(
            names(shards).prefix(5) == [
                "pax.tar/0001.jpg", "pax.tar/folder/0002.v1.jpeg", "pax.tar/caf\u{e9}/\u{fc}.PNG",
                #"pax.tar/bad\xff\xe9.jpg"#, long,
            ])
        #expect(shards.count == 7 && shards.name(6) == "pax.tar/../../escape.jpg")
        #expect((0..<7).map(shards.label) == [0, 1, 2, nil, 4, 5, 2])
        #expect(shards.classes == ["0", "1", "2", "3", "4", "5"])
        #expect(try (0..<7).map { try shards.caption($0) } == (0..<6).map { "text \($0)" } + [nil])
        for index in 0..<6 {
            #expect(try contents(shards, index) == [UInt8](repeating: UInt8(index), count: index * 300 + 1))
        }
        #expect(shards.listing.issues.map(\.kind) == [.skipped, .noCaption] && shards.runs == [0..<7])
    }

    // MARK: Samples

    @Test func labelsThatCannotBeUsedAreTold() throws {
        let root = try TemporaryFolder()
        let path = try shard(root) { tar in
            tar.add("1.jpg", "x")
            tar.add("1.json", #"{"labels": ["a|b"]}"#)
            tar.add("2.jpg", "x")
            tar.add("2.json", #"{"labels": ["a", "b"]}"#)
        }
        let shards = try TarShards(path)
        #expect(shards.labels(0).isEmpty && shards.labels(1) == [0, 1])
        let issue = shards.listing.issues.first { $0.kind == .badLabel }
        #expect(issue?.path == "\(path)/1.jpg" && issue?.reason == "has no labels: a label has | in it")
    }

    @Test func oneImageOfASampleCountsAndLabelsAreChecked() throws {
        let root = try TemporaryFolder()
        let path = try shard(root) { tar in
            tar.add("1.seg.png", "mask")
            tar.add("1.JPG", "image")
            tar.add("1.png", "second")
            tar.add("1.CLS", " 1\n")
            tar.add("2.jpg", "image")
            tar.add("2.cls", "cat")
            tar.add("3.jpg", "image")
            tar.add("3.json", #"{"label": 7, "cls": 2}"#)
            tar.add("4.jpg", "image")
            tar.add("4.json", "{broken")
            tar.add("5.jpg", "image")
            tar.add("5.cls", "99999999999999999999")
            tar.add("IMG.1.jpg", "image")
            tar.add("IMG.2.jpg", "image")
            tar.add("6.jxl", "image")
            tar.add("6.cls", "0")
            tar.add(".hidden.jpg", "image")
            tar.add("__meta__/7.jpg", "image")
            tar.add("8.npy", "array")
        }
        let shards = try TarShards(path)
        #expect(
            names(shards).map { $0.dropFirst(6) } == [
                "1.JPG", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "IMG.1.jpg", "IMG.2.jpg",
            ])
        #expect((0..<7).map(shards.label) == [1, nil, 2, nil, nil, nil, nil])
        #expect(Set(shards.listing.issues.map(\.kind)) == [.badLabel, .skipped] && shards.listing.issues.count == 3)
        #expect(shards.listing.hiddenEntries == 1 && shards.listing.foreign["jxl"]?.files == 1)
        #expect(shards.listing.foreign["npy"]?.examples == ["8.npy"] && shards.listing.ignoredFiles == 2)
    }

    /// Members of a shard by name, those without a text pictures; then images with label and caption.
    static let samples: [(members: String, found: String)] = [
        (
            "img_v1.0.jpg img_v1.0.cls=1 img_v1.0.txt=one img_v1.1.jpg img_v1.1.cls=0",
            "img_v1.0.jpg:1:one img_v1.1.jpg:0:-"
        ),
        ("a.jpg b.jpg a.cls=1 b.cls=0 b.txt=bee", "a.jpg:1:- b.jpg:0:bee"),
        ("a.cls=1 b.cls=0 b.jpg a.jpg", "b.jpg:0:- a.jpg:1:-"),
        ("a.v1.jpg a.cls=0 b.v1.jpg b.cls=1", "a.v1.jpg:0:- b.v1.jpg:1:-"),
        ("x.1.jpg y.jpg y.cls=1 x.1.cls=0", "x.1.jpg:0:- y.jpg:1:-"),
        ("a.jpg a.mask.png a.cls=0 b.jpg b.cls=0", "a.jpg:0:- b.jpg:0:-"),
        ("a.jpg a.cls=0 a.2.jpg a.2.cls=1", "a.jpg:0:- a.2.jpg:1:-"),
        ("a.jpg a.cls=dog b.jpg b.cls=cat c.jpg c.cls=dog", "a.jpg:1:- b.jpg:0:- c.jpg:1:-"),
        ("a.jpg a.json={\"label\":\"dog\"} b.jpg b.json={\"class\":\"cat\"}", "a.jpg:1:- b.jpg:0:-"),
        ("a.jpg a.json={\"label\":2147483647} b.jpg b.json={\"cls\":3.0}", "a.jpg:1:- b.jpg:0:-"),
        ("a.jpg a.json={\"label\":[1]} b.jpg b.cls=007", "a.jpg:-:- b.jpg:7:-"),
        ("a.jpg a.cls=-1 b.jpg b.cls=0", "a.jpg:-:- b.jpg:0:-"),
        ("@eaDir/a.jpg a.jpg a.cls=0", "a.jpg:0:-"),
    ]

    @Test(arguments: samples) func labelsAndCaptionsFindTheirImages(_ example: (members: String, found: String)) throws
    {
        let root = try TemporaryFolder()
        let path = try shard(root) { tar in
            for member in example.members.split(separator: " ") {
                let parts = member.split(separator: "=", maxSplits: 1).map(String.init)
                tar.add(parts[0], parts.count > 1 ? parts[1] : "picture \(parts[0])")
            }
        }
        let shards = try TarShards(path)
        let found = try (0..<shards.count).map { index in
            "\(shards.name(index).dropFirst(6)):\(shards.label(index).map(String.init) ?? "-"):\(try shards.caption(index) ?? "-")"
        }
        #expect(found.joined(separator: " ") == example.found)
    }

    @Test func numbersWithGapsAreClassesByTheirNumbers() throws {
        let root = try TemporaryFolder()
        func fill(_ tar: inout TarBuilder, _ labels: [Int]) {
            for (index, label) in labels.enumerated() {
                tar.add("\(index).jpg", "x")
                tar.add("\(index).cls", "\(label)")
            }
        }
        _ = try shard(root, "s/0.tar") { fill(&$0, [900_000_000, 5]) }
        _ = try shard(root, "s/1.tar") { fill(&$0, [5, 70, 9_999_999_999]) }
        let shards = try Sources.open(root.path + "/s")
        #expect(shards.classes == ["5", "70", "900000000", "9999999999"])
        #expect((0..<5).map(shards.label) == [2, 0, 0, 1, 3])
        var options = SourceOptions()
        options.classes = shards.classes
        let test = try Sources.open(shard(root, "t.tar") { fill(&$0, [70, 6]) }, options: options)
        #expect(test.classes == shards.classes && (0..<2).map(test.label) == [1, nil])
        // Where numbers are no names, they are places.
        options.classes = ["cat", "dog"]
        #expect(try Sources.open(shard(root, "u.tar") { fill(&$0, [1, 0]) }, options: options).label(0) == 1)
    }

    @Test func foldersInShardsAreClassesWhereNothingIsLabelled() throws {
        let root = try TemporaryFolder()
        func open(_ names: String) throws -> TarShards {
            try TarShards(shard(root) { tar in for name in names.split(separator: " ") { tar.add(String(name), "x") } })
        }
        let shards = try open("./data/dog/1.jpg data/cat/1.jpg data/dog/2.jpg data/cat/x/2.jpg")
        #expect(shards.classes == ["cat", "dog"] && (0..<4).map(shards.label) == [1, 0, 1, 0])
        #expect(shards.listing.issues.map(\.kind) == [.classesFromFolders])
        for names in [
            "a/1.jpg b/1.jpg", "a/1.jpg a/2.jpg", "1.jpg a/1.jpg b/1.jpg b/2.jpg",
            "a/1.jpg a/1.txt a/2.jpg b/1.jpg b/2.jpg",
        ] {
            #expect(try open(names).classes.isEmpty, "\(names)")
        }
        let sides = try open("train/a/1.jpg train/b/1.jpg test/a/1.jpg test/b/1.jpg")
        #expect(sides.classes.isEmpty && sides.listing.issues[0].reason.contains("test/ are folders in the shards"))
        var known = TarShards.Options()
        known.classes = ["dog"]
        _ = try open("dog/1.jpg dog/2.jpg cat/1.jpg cat/2.jpg")
        let some = try TarShards(root.path + "/a.tar", options: known)
        #expect(some.classes == ["dog"] && (0..<4).map(some.label) == [0, 0, nil, nil])
    }

    @Test func captionsThatAreMissingAreCounted() throws {
        let root = try TemporaryFolder()
        let shards = try TarShards(
            shard(root) { tar in for name in ["1.jpg", "1.txt", "2.jpg", "3.jpg", "3.txt"] { tar.add(name, "x") } })
        #expect(shards.listing.issues.map(\.reason) == ["1 of 3 images have none"])
    }

    @Test func filesThatAreNotArchivesAreNamed() throws {
        let root = try TemporaryFolder()
        try root.write(["x.tar", "x.tar.gz", "s/x.tar"], Data([0x1F, 0x8B, 8, 0] + [UInt8](repeating: 1, count: 600)))
        for name in ["x.tar", "x.tar.gz", "s"] {
            let error = #expect(throws: DataError.self) { try Sources.open("\(root.path)/\(name)") }
            #expect(error?.reason.contains("is a gzip file; unpack it") == true, "\(error?.reason ?? "")")
        }
        let error = #expect(throws: DataError.self) {
            try Sources.open(
                shard(root, "y.tar") {
                    $0.add("1.jxl", "x"); $0.add("2.jxl", "x")
                })
        }
        #expect(error?.reason.contains("), but 2 .jxl (convert them") == true, "\(error?.reason ?? "")")
    }

    @Test func moreDamageThanIsAllowedIsAnError() throws {
        let root = try TemporaryFolder()
        var tar = TarBuilder()
        for index in 0..<10 { tar.add("\(index).jpg", String(repeating: "x", count: 2000)) }
        try root.write(["a.tar"], tar.ended.prefix(15_000))
        var options = SourceOptions()
        #expect(throws: DataError.self) { try Sources.open(root.path + "/a.tar", options: options) }
        options.maximumBad = 0.5
        let source = try Sources.open(root.path + "/a.tar", options: options)
        #expect(source.count == 5 && source.listing.lost > 0 && source.listing.lost < 0.3)
    }

    @Test func classNamesComeFromAMemberOrAFileBeside() throws {
        let root = try TemporaryFolder()
        func fill(_ tar: inout TarBuilder) {
            tar.add("1.jpg", "x")
            tar.add("1.cls", "1")
            tar.add("2.jpg", "x")
            tar.add("2.cls", "2")
        }
        let inside = try shard(root, "x/in.tar") { tar in
            tar.add("__meta__/classes.txt", "cat\r\ndog\nbird\n")
            fill(&tar)
        }
        #expect(try TarShards(inside).classes == ["cat", "dog", "bird"])
        let beside = try shard(root, "y/out.tar", fill)
        #expect(try TarShards(beside).classes == ["0", "1", "2"])
        try root.write(["y/classes.txt"], Data("ant\nbee\n".utf8))
        let few = try TarShards(beside)
        #expect(few.classes == ["ant", "bee"] && few.label(0) == 1 && few.label(1) == nil)
        #expect(few.listing.issues.map(\.kind) == [.badLabel])
        // By name with the classes of others.
        var options = TarShards.Options()
        options.classes = ["bird", "dog"]
        let known = try TarShards(inside, options: options)
        #expect(known.classes == ["bird", "dog"] && known.label(0) == 1 && known.label(1) == 0)
    }

    @Test func severalShardsAreOneSource() throws {
        let root = try TemporaryFolder()
        for number in 0..<3 {
            _ = try shard(root, String(format: "s-%03d.tar", number)) { tar in
                for index in 0..<number { tar.add("\(index).jpg", "\(number)-\(index)") }
            }
        }
        let shards = try TarShards(root.path + "/s-{000..002}.tar")
        #expect(names(shards) == ["s-001.tar/0.jpg", "s-002.tar/0.jpg", "s-002.tar/1.jpg"])
        #expect(shards.runs == [0..<1, 1..<3] && shards.listing.issues.map(\.kind) == [.skipped])
        #expect(try contents(shards, 2) == Array("2-1".utf8) && shards.label(0) == nil && shards.classes.isEmpty)
        let subset = Subset(shards, indices: [0, 2])
        #expect(subset.runs == [0..<1, 1..<2] && Subset(shards, indices: [2, 0]).runs.isEmpty)
        #expect(throws: DataError(path: root.path + "/s-003.tar", reason: "no such file or directory")) {
            try TarShards(root.path + "/s-{000..003}.tar")
        }
    }

    // MARK: Files that change

    @Test func aShardThatVanishesOrChangesIsAnErrorOfItsImages() throws {
        let root = try TemporaryFolder()
        let path = try shard(root) {
            $0.add("1.jpg", String(repeating: "x", count: 5000)); $0.add("2.jpg", "y")
        }
        func failure(_ source: TarShards, _ index: Int = 0) -> DecodeError? {
            do throws(DecodeError) {
                try source.read(index, into: FileBuffer())
                return nil
            } catch {
                return error
            }
        }
        let open = try TarShards(path)
        #expect(failure(open) == nil)
        let fresh = try TarShards(path)
        #expect(truncate(path, 1024) == 0)
        // Open already: the end is missing. Not open yet: it is not what was listed.
        #expect(
            failure(open) == DecodeError(.unreadable, path: "a.tar/1.jpg", reason: "is gone: its file became shorter"))
        #expect(failure(fresh)?.reason == "has changed since it was listed")
        try FileManager.default.removeItem(atPath: path)
        #expect(failure(fresh)?.kind == .unreadable && failure(open)?.kind == .unreadable)
        #expect(failure(fresh)?.path == "a.tar/1.jpg")
    }

    @Test func whatIsNoFileIsAnError() throws {
        let root = try TemporaryFolder()
        #expect(mkfifo(root.path + "/pipe.tar", 0o600) == 0)
        #expect(throws: DataError(path: root.path + "/pipe.tar", reason: "is not a file")) {
            try TarShards(root.path + "/pipe.tar")
        }
        try root.write(["empty.tar"], Data())
        #expect(throws: DataError.self) { try TarShards(root.path + "/empty.tar") }
    }

    @Test func filesAreKeptOpenUpToALimitFromManyThreads() throws {
        let root = try TemporaryFolder()
        try root.write((0..<20).map { "\($0)" }, Data("contents".utf8))
        let shards = try (0..<20).map { try ShardFiles.open(Array("\(root.path)/\($0)".utf8)).shard }
        let files = ShardFiles(shards, capacity: 3)
        Workers.run(4) {
            for index in 0..<2000 {
                var byte: UInt8 = 0
                guard let handle = try? files.handle(index * 7 % 20), pread(handle.file, &byte, 1, 0) == 1, byte == 0x63
                else {
                    Issue.record("file \(index * 7 % 20) cannot be read")
                    return
                }
            }
        }
    }

    @Test func readingAheadChangesNothing() throws {
        let root = try TemporaryFolder()
        let path = try shard(root) { tar in
            for index in 0..<50 { tar.add("\(index).jpg", String(repeating: "\(index)", count: 3000)) }
        }
        var options = TarShards.Options()
        options.readAhead = 20_000
        let ahead = try TarShards(path, options: options)
        let plain = try TarShards(path)
        for index in [3, 0, 49, 7, 20, 1] + Array(0..<50) + Array(0..<50) {
            #expect(try contents(ahead, index) == contents(plain, index))
        }
    }
}
