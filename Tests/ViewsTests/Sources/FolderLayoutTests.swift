import Foundation
import Testing

@testable import Views

@Suite("What IMAGES is")
struct FolderLayoutTests {
    /// Files that lie in a folder, and what it then is: `train=NAME test=NAME validation=NAME`, or nothing where it is
    /// one whole.
    static let sides: [(files: String, parts: String)] = [
        ("cat/1.jpg dog/1.jpg", ""), ("1.jpg 2.jpg", ""),
        ("train/cat/1.jpg train/dog/1.jpg test/cat/1.jpg", "train=train/ test=test/"),
        ("Train/cat/1.jpg TEST/cat/1.jpg", "train=Train/ test=TEST/"),
        ("training/cat/1.jpg testing/cat/1.jpg valid/cat/1.jpg", "train=training/ test=testing/ validation=valid/"),
        ("train/cat/1.jpg dev/cat/1.jpg eval/cat/1.jpg", "train=train/ test=eval/ validation=dev/"),
        ("train/cat/1.jpg val/1.jpg val/2.jpg", "train=train/ validation=val/"),
        ("train2017/1.jpg val2017/1.jpg annotations/x.json", "train=train2017/ validation=val2017/"),
        ("training_set/a/1.jpg test_set/a/1.jpg", "train=training_set/ test=test_set/"),
        ("train/a/1.jpg test/a/1.jpg test-images/a/1.jpg Test/a/1.jpg", "train=train/ test=test/"),
        ("train/a/1.jpg test/a/1.jpg logo.png", "train=train/ test=test/"),
        ("train/1.jpg", "train=train/"), ("test/a/1.jpg test/b/1.jpg", "test=test/"),
        ("train/a/1.jpg unlabelled/1.jpg", "train=train/"),
        // Vehicles: without a partner, and with images directly inside, a name is a class's.
        ("train/1.jpg bus/1.jpg", ""), ("test/a/1.jpg cat/1.jpg dog/1.jpg", ""),
        ("train_station/1.jpg test_tube/1.jpg", ""), ("bullet_train/1.jpg test/1.jpg", ""),
        ("test/a/1.jpg val/a/1.jpg", "test=test/ validation=val/"),
        // An empty side is none.
        ("train/a/1.jpg test/a/1.jpg val/x.txt", "train=train/ test=test/"), ("train/1.jpg val/x.txt", "train=train/"),
        (
            "data-train-0.tar data-train-1.tar data-val-0.tar",
            "train=data-train-0.tar and 1 more validation=data-val-0.tar"
        ),
        ("a-train-0.tar extra-0.tar", ""), ("a-train-0.tar b-train-0.tar", ""),
    ]

    @Test(arguments: sides) func sidesAreFoundByName(_ example: (files: String, parts: String)) throws {
        let root = try TemporaryFolder()
        try root.write(example.files.split(separator: " ").map(String.init))
        let layout = FolderLayout(root.path)
        #expect(layout.parts.map { "\($0.side)=\($0.name)" }.joined(separator: " ") == example.parts)
        #expect(layout.root == root.path)
        #expect(FolderLayout(root.path, side: .unsplit).parts.isEmpty)
    }

    /// Files, and the folder among them that is meant.
    static let wrappers: [(files: String, meant: String)] = [
        ("flowers/a/1.jpg flowers/b/1.jpg", "flowers"), ("x/y/a/1.jpg x/y/b/1.jpg", "x/y"),
        ("flowers/a/1.jpg flowers/b/1.jpg __MACOSX/flowers/a/1.jpg @eaDir/1.jpg .git/x", "flowers"),
        ("x/train/a/1.jpg x/test/a/1.jpg", "x"), ("x/train/a/1.jpg", "x"), ("x/a.tar x/b.tar", "x"),
        ("images/train/1.jpg images/val/1.jpg labels/train/1.txt labels/val/1.txt", "images"),
        // One class, and one whose pictures are not read.
        ("cat/1.jpg", ""), ("cat/old/1.jpg", ""), ("x/a/1.jpg x/b/1.jpg scans/1.psd", ""),
        ("x/a/1.jpg x/b/1.jpg top.jpg", ""),
    ]

    @Test(arguments: wrappers) func aWrapperStandsForWhatItHolds(_ example: (files: String, meant: String)) throws {
        let root = try TemporaryFolder()
        try root.write(example.files.split(separator: " ").map(String.init))
        let layout = FolderLayout(root.path + "/")
        let meant = example.meant.isEmpty ? root.path + "/" : "\(root.path)/\(example.meant)"
        #expect(layout.root == meant && layout.notes.isEmpty == example.meant.isEmpty, "\(layout.notes)")
    }

    @Test func whatIsLeftAsideIsNamedWithTheOptionThatDecides() throws {
        let root = try TemporaryFolder()
        try root.write(["train/a/1.jpg", "test/a/1.jpg", "plane/1.jpg", "logo.png"])
        #expect(
            FolderLayout(root.path).notes == [
                "plane/ (1 image) beside train/ and test/ is not used; --side none takes all folders for classes",
                "1 image beside train/ is not used",
            ])
        let vehicles = try TemporaryFolder()
        try vehicles.write(["train/1.jpg", "bus/1.jpg"])
        let notes = FolderLayout(vehicles.path).notes
        #expect(notes.count == 1 && notes[0].contains("counts as a class") && notes[0].contains("--side train"))
        #expect(FolderLayout(vehicles.path, side: .train).parts.map(\.name) == ["train/"])
    }

    @Test func aSideIsOpenedAloneOrWithAll() throws {
        let root = try TemporaryFolder()
        try root.write(["train/b/1.jpg", "train/c/1.jpg", "test/a/1.jpg", "test/c/1.jpg", "val/x.jpg"])
        let train = try OpenedImages(root.path)
        #expect(train.source.count == 2 && train.source.name(0) == "b/1.jpg")
        #expect(
            train.summary.headline
                == "\(root.path): train/ 2 images of 2 classes, test/ 2 (not used), val/ 1 (not used)")
        let all = try OpenedImages(root.path, side: .all).source
        let joined = try #require(all as? JoinedSides)
        #expect(joined.classes == ["b", "c", "a"])
        #expect(
            (0..<all.count).map(all.name)
                == ["train/b/1.jpg", "train/c/1.jpg", "test/a/1.jpg", "test/c/1.jpg", "val/x.jpg"])
        #expect((0..<all.count).map(all.label) == [0, 1, 2, 1, nil])
        #expect((0..<all.count).map(joined.side) == [.train, .train, .test, .test, .validation])
        #expect(try OpenedImages(root.path, side: .unsplit, usual: .all).source.classes == ["test", "train", "val"])
        let error = #expect(throws: DataError.self) { try OpenedImages(root.path + "/val", side: .test) }
        #expect(error?.reason.hasPrefix("has no test side") == true)
    }

    @Test func withoutImagesToLearnFromTheSideMustBeNamed() throws {
        let root = try TemporaryFolder()
        try root.write(["test/a/1.jpg", "val/a/1.jpg"])
        let error = #expect(throws: DataError.self) { try OpenedImages(root.path) }
        #expect(error?.reason == "has no train side; it holds test/ and val/; choose a side with --side")
        #expect(try OpenedImages(root.path, side: .validation).source.count == 1)
    }

    @Test func foldersOfSystemsAreNoClassesAtAnyDepth() throws {
        let root = try TemporaryFolder()
        try root.write([
            "a/1.jpg", "b/1.jpg", "a/@eaDir/1.jpg/SYNO.jpg", "$RECYCLE.BIN/2.jpg", "System Volume Information/x.jpg",
            "lost+found/x.jpg", "__MACOSX/a/1.jpg", ".ipynb_checkpoints/1.jpg", "Thumbs.db",
        ])
        let folder = try ImageFolder(root.path)
        #expect(folder.classes == ["a", "b"] && folder.count == 2)
        #expect(folder.listing.systemEntries == 5 && folder.hiddenEntries == 1)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-12_345_678, "-12,345,678")])
    func numbersAreGrouped(_ example: (Int, String)) {
        #expect(grouped(example.0) == example.1)
        #expect(counted(1, "class", "classes") == "1 class" && counted(0, "image") == "0 images")
    }
}
