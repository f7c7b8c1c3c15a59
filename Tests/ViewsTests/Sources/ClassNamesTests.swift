import Foundation
import Testing

@testable import Views

@Suite("Class names")
struct ClassNamesTests {
    /// The same to Unicode, and to Swift's `==`, but not the same bytes.
    static let composed = "caf\u{E9}"
    static let decomposed = "cafe\u{301}"

    @Test(
        arguments: [
            (["a", "b"], ["b", "a"], [.at(1), .at(0)]),
            (["crane", "crow", "crane"], ["crane", "crow", "crane"], [.at(0), .at(1), .at(2)]),
            // As many on both sides: the first is the first.
            (["crane", "crane", "new"], ["crow", "crane", "crane"], [.at(1), .at(2), .missing]),
            (["crane"], ["crane", "crow", "crane"], [.ambiguous]),
            (["crane", "crane"], ["crane"], [.ambiguous, .ambiguous]),
            ([composed, decomposed], [decomposed, composed], [.at(1), .at(0)]),
            ([composed], [decomposed], [.missing]), ([], ["a"], []), (["a"], [], [.missing]),
        ] as [([String], [String], [ClassNames.Place])])
    func placesAreByBytesAndByOrder(names: [String], known: [String], wanted: [ClassNames.Place]) {
        #expect(ClassNames.places(of: names, in: known) == wanted)
    }

    @Test func newClassesFollowTheKnown() {
        #expect(ClassNames.extended(["b", "a"], by: ["a", "c", "b", "c"]) == ["b", "a", "c", "c"])
        #expect(ClassNames.extended([], by: ["b", "a"]) == ["b", "a"])
        // Which of two cranes it is cannot be told, so it is none of them and no new one.
        #expect(ClassNames.extended(["crane", "crane"], by: ["crane"]) == ["crane", "crane"])
    }

    @Test func namesThatLookAlikeAreShownWithTheirIndex() {
        #expect(ClassNames.shown(["a", "b", "a"]) == ["a (0)", "b", "a (2)"])
        #expect(ClassNames.shown([Self.composed, "b", Self.decomposed]).map { $0.suffix(3) } == ["(0)", "b", "(2)"])
    }

    @Test func aListIsReadAsItWasWritten() throws {
        let root = try TemporaryFolder()
        for names in [["a", "b b", "a"], ["", "x", ""], [Self.composed, Self.decomposed], ["ends in a return\r"]] {
            try root.write(["classes.txt"], Data(ClassNames.text(names).utf8))
            let read = try #require(ClassNames.read("\(root.path)/classes.txt"))
            #expect(ClassNames.areEqual(read, names), "\(names)")
        }
        #expect(ClassNames.read("\(root.path)/none.txt") == nil)
    }

    @Test func foldersThatUnicodeTakesForOneStayApart() throws {
        let root = try TemporaryFolder()
        let (one, other) = (Self.composed, Self.decomposed)
        try root.write([
            "train/\(one)/1.jpg", "train/\(other)/1.jpg", "train/z/1.jpg", "test/\(one)/1.jpg", "test/\(other)/1.jpg",
            "test/\(other)/2.jpg", "test/new/1.jpg", "test/new/2.jpg",
        ])
        let split = try Split(images: root.path)
        let bytes = split.train.classes.map { Array($0.utf8) }
        #expect(bytes == [Array(other.utf8), Array(one.utf8), Array("z".utf8)])
        #expect((0..<3).map { split.test.label($0) } == [0, 0, 1] && split.test.count == 3)
        #expect(split.test.listing.unknownClasses == [.init(name: "new", images: 2, isListed: false)])
    }

    @Test func aRelabelledSourceSaysWhatItLacks() {
        let base = SplitTests.Labels(labels: [0, 1, 2, 1, -1])
        let source = Relabelled(base, classes: ["class 2", "other", "class 0"])
        #expect((0..<5).map { source.label($0) } == [2, nil, 0, nil, nil])
        #expect(source.listing.unknownClasses == [.init(name: "class 1", images: 2, isListed: true)])
        #expect(source.listing.issues.map(\.kind) == [.unknownClass])
    }
}
