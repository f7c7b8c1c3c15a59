import Foundation
import Testing

@testable import Views

@Suite("What commands begin with")
struct SourceSummaryTests {
    /// A gray PNG of 8 by 8 pixels and 16 bits, with values from 0 to 4095.
    private static let twelveBits =
        "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIEAAAAACx9D0UAAAAO0lEQVR42mNgYGBUYfJkzmWZxLqN7Tb7fzQupwoDKp"
        + "fLgwGVy53LgMrlmciAyuXdxoDK5bvFgMrl/w8AZX8lrdJjQQAAAAAASUVORK5CYII="

    @Test func theHeadlineSaysWhatIsUsedForWhat() throws {
        let root = try TemporaryFolder()
        try root.write((0..<1200).map { "train/a/\($0).jpg" } + ["train/b/1.jpg", "test/a/1.jpg", "val/a/1.jpg"])
        let words = "\(root.path): train/ 1,201 images of 2 classes, test/ 1"
        #expect(try Split(images: root.path).summary?.headline == words + ", val/ 1 (not used)")
        #expect(
            try Split(images: root.path, for: .choice).summary?.headline
                == words + " (not used), val/ 1 (scored during training)")
        #expect(try OpenedImages(root.path, usual: .all).summary.headline == words + ", val/ 1")
        let apart = try Split(images: root.path + "/train", test: root.path + "/val")
        #expect(
            apart.summary?.headline
                == "\(root.path)/train: 1,201 images of 2 classes; tested on: \(root.path)/val 1 image")
        let one = try TemporaryFolder()
        try one.write(["a/1.jpg"])
        #expect(try OpenedImages(one.path).summary.headline == "\(one.path): 1 image of 1 class")
    }

    @Test func notesAreCountedAndBounded() throws {
        let root = try TemporaryFolder()
        try root.write([
            "cat/1.jpg", "Cat/1.jpg", "a/1.jpg", "a/1.psd", "a/2.psd", "b/x.psd", "c/x.txt", "d/x.txt", "@eaDir/x",
        ])
        let notes = try OpenedImages(root.path).summary.notes
        #expect(
            notes == [
                "Cat and cat (labels 0 and 2) are separate classes, though they differ only by capitals",
                "3 files are not read: 3 .psd (convert them to .jpg or .png)",
                "b: holds no images, but 1 .psd (convert them to .jpg or .png), so it is not a class; and 2 more like it",
                "skipped: 2 of other kinds, 1 of the system, as @eaDir",
            ])
    }

    @Test func imagesWithoutALabelAreCounted() throws {
        let root = try TemporaryFolder()
        try root.write(["train/a/1.jpg", "train/b/1.jpg", "val/1.jpg", "val/2.jpg"])
        #expect(try Split(images: root.path).summary?.notes == ["val/: none of the 2 images has a label of a class"])
        var tar = TarBuilder()
        for index in 0..<10 { tar.add("\(index).jpg", "x"); if index > 2 { tar.add("\(index).cls", "0") } }
        try root.write(["x.tar"], tar.ended)
        #expect(try OpenedImages(root.path + "/x.tar").summary.notes == ["3 of 10 images have no label"])
    }

    @Test func picturesThatFillTheLowBitsAreToldOf() throws {
        let root = try TemporaryFolder()
        try root.write(["a/1.png", "b/1.png"], try #require(Data(base64Encoded: Self.twelveBits)))
        try root.write(["a/2.png"], Pictures.png(Pictures.picture(1)))
        let notes = try OpenedImages(root.path).summary.notes
        #expect(
            notes.count == 1 && notes[0].hasPrefix("2 of 2 checked pictures of 16 bits")
                && notes[0].contains("values up to 4095"))
        #expect(Scan(try ImageFolder(root.path)).run(threads: 1).faint == ["a/1.png", "b/1.png"])
    }

    @Test func imagesOnBothSidesAreFoundByTheirBytes() throws {
        let root = try TemporaryFolder()
        for index in 0..<6 {
            let picture = try Pictures.png(Pictures.picture(index))
            try root.write(["train/a/\(index).png"], picture)
            if index < 3 { try root.write(["test/a/x\(index).png"], picture) }
        }
        try root.write(["test/a/new.png"], Pictures.png(Pictures.picture(50)))
        let split = try Split(images: root.path)
        let shared = SharedImages(train: split.train, test: split.test)
        #expect(shared.looked == 4 && shared.shared == 3)
        #expect(shared.note?.hasPrefix("3 of 4 test images") == true)
        let same = SharedImages(train: split.train, test: split.train)
        #expect(same.note?.hasPrefix("all 6 test images") == true)
        let report = Scan(try OpenedImages(root.path, usual: .all).source).run(threads: 1)
        #expect(report.across == ["test/a/x0.png", "test/a/x1.png", "test/a/x2.png"])
        #expect(report.sides.map(\.images) == [6, 4])
    }
}
