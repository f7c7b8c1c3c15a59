import Foundation
import Testing

@testable import Views

@Suite("Image folders")
struct ImageFolderTests {
    private func names(_ folder: some Source) -> [String] { (0..<folder.count).map(folder.name) }

    @Test func orderAndLabelsAreTorchvisions() throws {
        let root = try TemporaryFolder()
        try root.write([
            "b/2.jpg", "b/10.jpg", "b/a/1.PNG", "b/a-b/1.jpeg", "b/a/z/0.jpg", "b/A.jpg", "B/x.jpg", "a b/x.jpg",
            "\u{e9}/x.jpg", "z/\u{1F600}.jpg", "z/\u{FB01}.jpg", "z/a.jpg/1.jpg", "10/x.png", "9/x.png",
        ])
        let folder = try ImageFolder(root.path)
        // What torchvision 0.28's ImageFolder gives for these files.
        let samples = [
            ("10/x.png", 0), ("9/x.png", 1), ("B/x.jpg", 2), ("a b/x.jpg", 3), ("b/10.jpg", 4), ("b/2.jpg", 4),
            ("b/A.jpg", 4), ("b/a/1.PNG", 4), ("b/a-b/1.jpeg", 4), ("b/a/z/0.jpg", 4), ("z/\u{FB01}.jpg", 5),
            ("z/\u{1F600}.jpg", 5), ("z/a.jpg/1.jpg", 5), ("\u{e9}/x.jpg", 6),
        ]
        #expect(folder.classes == ["10", "9", "B", "a b", "b", "z", "\u{e9}"])
        #expect(names(folder) == samples.map(\.0))
        #expect((0..<folder.count).map(folder.label) == samples.map(\.1))
        #expect(folder.issues.isEmpty)
    }

    @Test func otherFilesAreCountedAndHiddenOnesPassedOver() throws {
        let root = try TemporaryFolder()
        try root.write(["a/1.jpg", "a/._1.jpg", "a/notes.txt", "a/jpg", "a/1.jxl", ".git/2.jpg", "b/1.JPeG", "README"])
        let folder = try ImageFolder(root.path)
        #expect(names(folder) == ["a/1.jpg", "b/1.JPeG"])
        #expect(folder.ignoredFiles == 4 && folder.hiddenEntries == 2)
    }

    @Test func contentsDecideWhereAnEndingSaysNothing() throws {
        let root = try TemporaryFolder()
        let png = try Pictures.png(Pictures.picture(1, width: 8, height: 8))
        try root.write(["a/noending", "a/2024.01", "a/x.jfif", "a/x.JPE", "a/x.pnm", "a/x.mpo", "a/x.apng"], png)
        try root.write(["a/README", "a/photo.7", "a/x.text"], Data("some text".utf8))
        let folder = try ImageFolder(root.path)
        #expect(
            names(folder)
                == ["a/2024.01", "a/noending", "a/x.JPE", "a/x.apng", "a/x.jfif", "a/x.mpo", "a/x.pnm"])
        #expect(folder.ignoredFiles == 3)
        try root.write(["a/noending.txt", "a/x.txt"], Data("words".utf8))
        #expect(try [1, 2].map { try folder.caption($0) } == ["words", "words"])
        #expect(try Scan(folder).run(threads: 1).unreadable.isEmpty)
    }

    /// As the test images of Tiny ImageNet lie.
    @Test func foldersOfWhichNoneIsAClassAreNone() throws {
        let root = try TemporaryFolder()
        try root.write(["images/1.jpg", "images/2.jpg"])
        let folder = try ImageFolder(root.path, classes: ["cat", "dog"])
        #expect(folder.count == 2 && folder.classes.isEmpty && folder.label(0) == nil)
        #expect(folder.issues.map(\.kind) == [.unknownClass])
        try root.write(["dog/1.jpg"])
        let some = try ImageFolder(root.path, classes: ["cat", "dog"])
        #expect(some.count == 1 && some.label(0) == 1)
    }

    @Test func linksToNothingAreAnErrorUnlessAllowed() throws {
        let root = try TemporaryFolder()
        try root.write(["a/1.jpg"])
        for index in 0..<9 { try root.link("a/gone\(index).jpg", to: "nowhere") }
        try root.link("a/notes.txt", to: "nowhere")
        #expect(try ImageFolder(root.path).listing.lost == 0.9)
        let error = #expect(throws: DataError.self) { try Sources.open(root.path) }
        #expect(error?.reason.contains("is a link to nothing; that is more than --max-bad allows") == true)
    }

    @Test func classesOfDifferentFormatsAreAllImages() throws {
        let root = try TemporaryFolder()
        let fixtures = FormatFixture.folder
        for (ending, name) in [("png", "p3.png"), ("tif", "rgb-lzw.tif"), ("webp", "p3.webp")] {
            let data = try Data(contentsOf: fixtures.appendingPathComponent(name))
            for index in 0..<(ending == "png" ? 16 : 12) { try root.write(["\(ending)/\(index).\(ending)"], data) }
        }
        let report = Scan(try ImageFolder(root.path)).run(threads: 1)
        #expect(report.images == 40 && report.formats == ["png": 16, "tiff": 12, "webp": 12])
        #expect(report.unreadable.isEmpty && report.foreign.isEmpty && report.mislabelled.isEmpty)
    }

    @Test func aClassOfFormatsThatAreNotReadIsToldWithThem() throws {
        let root = try TemporaryFolder()
        try root.write(["a/1.jpg", "b/1.jxl", "b/2.JXL", "b/3.psd", "b/notes.txt", "a/x.psd"])
        let folder = try ImageFolder(root.path)
        #expect(folder.classes == ["a"] && folder.issues.map(\.kind) == [.emptyClass])
        #expect(folder.issues[0].reason.hasPrefix("holds no images, but 2 .jxl, 1 .psd ("))
        #expect(folder.listing.notes(images: 1)[0].hasPrefix("only 1 of 5 pictures is read: not 2 .jxl, 2 .psd ("))
        try FileManager.default.removeItem(atPath: root.path + "/a")
        let error = #expect(throws: DataError.self) { try ImageFolder(root.path) }
        #expect(error?.reason.contains("), but 2 .jxl, 1 .psd (convert them") == true, "\(error?.reason ?? "")")
    }

    @Test func aClassThatMayNotBeListedKeepsItsLabelAndIsAnErrorUnlessAllowed() throws {
        guard getuid() != 0 else {
            print("skipped: root may list every folder")
            return
        }
        let root = try TemporaryFolder()
        try root.write(["a/1.jpg", "b/1.jpg", "c/1.jpg"])
        chmod(root.path + "/b", 0)
        defer { chmod(root.path + "/b", 0o700) }
        let folder = try ImageFolder(root.path)
        #expect(folder.classes == ["a", "b", "c"] && folder.count == 2 && folder.label(1) == 2)
        #expect(folder.listing.lost == 1.0 / 3)
        let error = #expect(throws: DataError.self) { try Sources.open(root.path) }
        #expect(error?.reason.hasPrefix("b: permission denied; that is more than --max-bad allows") == true)
        var options = SourceOptions()
        options.maximumBad = 0.5
        #expect(try Sources.open(root.path, options: options).count == 2)
    }

    @Test func aFlatFolderIsUnlabelled() throws {
        let root = try TemporaryFolder()
        try root.write(["2.jpg", "1.png"])
        let folder = try ImageFolder(root.path + "/")
        #expect(names(folder) == ["1.png", "2.jpg"] && folder.classes.isEmpty && folder.label(0) == nil)
        #expect(folder.path(0) == root.path + "/1.png")
    }

    @Test func imagesBesideFoldersMakeAllUnlabelledUnlessLabelsAreRequired() throws {
        let root = try TemporaryFolder()
        try root.write(["top.jpg", "a/1.jpg", "b/c/2.jpg"])
        let folder = try ImageFolder(root.path)
        #expect(names(folder) == ["top.jpg", "a/1.jpg", "b/c/2.jpg"] && folder.classes.isEmpty)
        #expect(folder.issues.map(\.kind) == [.mixed])
        let labelled = try ImageFolder(root.path, labels: .required)
        #expect(names(labelled) == ["a/1.jpg", "b/c/2.jpg"] && labelled.classes == ["a", "b"])
        #expect(labelled.issues.map(\.kind) == [.mixed])
        #expect(try ImageFolder(root.path + "/b", labels: .none).label(0) == nil)
    }

    @Test func linksAreTheFirstOfTheirFile() throws {
        let root = try TemporaryFolder()
        try root.write(["a/1.jpg", "b/2.jpg", "b/3.jpg"])
        #expect(try ImageFolder(root.path).links.isEmpty)
        try root.link("a/0.jpg", to: "1.jpg")
        try root.link("b/4.jpg", to: "../a/1.jpg")
        try root.link("c", to: "b")
        let folder = try ImageFolder(root.path)
        #expect(
            names(folder) == [
                "a/0.jpg", "a/1.jpg", "b/2.jpg", "b/3.jpg", "b/4.jpg", "c/2.jpg", "c/3.jpg", "c/4.jpg",
            ])
        #expect(folder.links == [1: 0, 4: 0, 5: 2, 6: 3, 7: 0])
        #expect(Subset(folder, indices: [7, 5, 2, 4]).links == [2: 1, 3: 0])
        #expect(Subset(folder, indices: [1, 2]).links.isEmpty)
    }

    @Test func emptyClassesGetNoLabel() throws {
        let root = try TemporaryFolder()
        try root.write(["a/notes.txt", "b/1.jpg", "c/.hidden", "d/1.jpg"])
        let folder = try ImageFolder(root.path)
        #expect(folder.classes == ["b", "d"] && folder.label(1) == 1)
        #expect(folder.issues.map(\.kind) == [.emptyClass, .emptyClass] && folder.issues.map(\.path) == ["a", "c"])
    }

    @Test func linksAreFollowedAndLoopsReported() throws {
        let root = try TemporaryFolder()
        try root.write(["a/1.jpg", "other/deep/2.jpg"])
        try root.link("a/up", to: "..")
        try root.link("a/self.jpg", to: "self.jpg")
        try root.link("a/gone.jpg", to: "nowhere.jpg")
        try root.link("a/linked.jpg", to: "1.jpg")
        try root.link("b", to: "other/deep")
        let folder = try ImageFolder(root.path)
        #expect(names(folder) == ["a/1.jpg", "a/linked.jpg", "b/2.jpg", "other/deep/2.jpg"])
        #expect(folder.classes == ["a", "b", "other"])
        let issues = Dictionary(uniqueKeysWithValues: folder.issues.map { ($0.path, $0.kind) })
        #expect(issues == ["a/up": .loop, "a/self.jpg": .loop, "a/gone.jpg": .brokenLink])
    }

    @Test func linksThatMultiplyAreBounded() throws {
        let root = try TemporaryFolder()
        try root.write(["a/leaf/1.jpg"])
        for level in 0..<20 {
            let below = level == 0 ? "leaf" : "d\(level - 1)"
            try root.write(["a/d\(level)/x.txt"])
            try root.link("a/d\(level)/l", to: "../\(below)")
            try root.link("a/d\(level)/r", to: "../\(below)")
        }
        let folder = try ImageFolder(root.path)
        #expect(folder.count <= FolderListing.maximumVisits)
        #expect(folder.issues.contains { $0.kind == .loop })
    }

    @Test func pipesAreNeverOpened() throws {
        let root = try TemporaryFolder()
        try root.write(["a/1.jpg"])
        #expect(mkfifo(root.path + "/a/2.jpg", 0o600) == 0)
        try root.link("a/3.jpg", to: "2.jpg")
        let folder = try ImageFolder(root.path)
        #expect(names(folder) == ["a/1.jpg"] && folder.issues.map(\.kind) == [.notAFile, .notAFile])
    }

    @Test func namesMayHoldAnyBytes() throws {
        let root = try TemporaryFolder()
        let name = Array("\(root.path)/caf".utf8) + [0xE9, 0x0A]
        try name.withUnsafeBufferPointer { bytes in
            let path = (bytes + [0]).map { CChar(bitPattern: $0) }
            #expect(mkdir(path, 0o700) == 0)
            let file = (bytes + Array("/\u{e9}.jpg".utf8) + [0]).map { CChar(bitPattern: $0) }
            let opened = try #require(fopen(file, "w"))
            fputs("bytes", opened)
            fclose(opened)
        }
        let folder = try ImageFolder(root.path)
        #expect(folder.classes == [#"caf\xe9\x0a"#] && folder.name(0) == #"caf\xe9\x0a/é.jpg"#)
        let buffer = FileBuffer()
        try folder.read(0, into: buffer)
        #expect(Array(buffer.bytes) == Array("bytes".utf8))
    }

    @Test func foldersThatCannotBeUsedAreErrors() throws {
        let root = try TemporaryFolder()
        try root.write(["file.txt"])
        let endings = FileKind.imageEndings
        #expect(endings.hasPrefix(".jpg, .png, .webp, .tif, .gif, "))
        #expect(throws: DataError(path: root.path, reason: "holds no images (\(endings)), but 1 other file")) {
            try ImageFolder(root.path)
        }
        #expect(throws: DataError(path: root.path + "/no", reason: "no such file or directory")) {
            try ImageFolder(root.path + "/no")
        }
        #expect(throws: DataError(path: root.path + "/file.txt", reason: "not a directory")) {
            try ImageFolder(root.path + "/file.txt")
        }
        var listing = FolderListing(root: Array(root.path.utf8))
        #expect(listing.add(folder: Array("gone".utf8)).isEmpty)
        #expect(listing.notes.issues.map(\.kind) == [.unreadable])
    }

    @Test func readingReportsWhatIsWrong() throws {
        let root = try TemporaryFolder()
        try root.write(["a/0.jpg"], Data())
        try root.write(["a/1.jpg", "a/2.jpg"], Data(repeating: 7, count: 100_000))
        let folder = try ImageFolder(root.path)
        try FileManager.default.removeItem(atPath: root.path + "/a/2.jpg")
        func kind(_ index: Int, _ buffer: FileBuffer) -> DecodeError? {
            do throws(DecodeError) {
                try folder.read(index, into: buffer)
                return nil
            } catch {
                return error
            }
        }
        let buffer = FileBuffer()
        #expect(kind(0, buffer)?.kind == .empty && kind(1, FileBuffer(limit: 99_999))?.kind == .tooLarge)
        #expect(kind(2, buffer)?.kind == .unreadable && kind(2, buffer)?.path == root.path + "/a/2.jpg")
        #expect(kind(1, FileBuffer(limit: 100_000)) == nil)
        #expect(kind(1, buffer) == nil && buffer.bytes.count == 100_000 && buffer.bytes.allSatisfy { $0 == 7 })
        // A file whose size the system does not tell is read to its end.
        try buffer.read(path: "/proc/self/status", name: "status")
        #expect(buffer.bytes.count > 100)
    }
}
