import Testing
import Views

@testable import Contrast

@Suite("What can be scored")
struct ScorableTests {
    @Test("Where every image has a class of both sides, everything counts") func nothingIsLeftOut() {
        let all = Scorable(train: [0, 1, 1, 2], test: [2, 0, 1], names: ["a", "b", "c"])
        #expect(all.train == [0, 1, 2, 3] && all.trainLabels == [0, 1, 1, 2] && all.classes == [0, 1, 2])
        #expect(all.test == [0, 1, 2] && all.testLabels == [2, 0, 1])
        #expect(all.leftOut == LeftOut() && all.leftOut.summary == nil && all.obstacle("x") == nil)
        #expect(all.majority == 1 / 3.0)
    }

    @Test func whatCannotBeScoredIsLeftOutAndCounted() throws {
        let names = ["cat", "dog", "emu", "plane", "unused"]
        // dog and cat are learnt; emu has no training image, plane one.
        let some = Scorable(
            train: [1, -1, 0, 1, -1, 3, 9], test: [2, -1, 1, 2, 0, 2, -1, -7], names: names,
            unknown: [.init(name: "owl", images: 1, isListed: true), .init(name: "yak", images: 3, isListed: false)])
        #expect(some.classes == [0, 1, 3] && some.train == [0, 2, 3, 5] && some.trainLabels == [1, 0, 1, 2])
        #expect(some.test == [2, 4] && some.testLabels == [1, 0])
        #expect(some.leftOut.trainUnlabelled == 3)
        // Of three without a label one is the owl's; the yaks are not in the source.
        #expect(some.leftOut.testUnlabelled == 2)
        #expect(some.leftOut.testUnknown.map(\.name) == ["owl", "yak", "emu"])
        #expect(some.leftOut.testUnknown.map(\.images) == [1, 3, 3])
        #expect(some.leftOut.untested == ["plane"])
        #expect(
            some.leftOut.summary
                == "3 training images without a label, 2 test images without a label, 7 of 3 classes that training "
                + "lacks (owl, yak, emu), 1 class without a test image (plane)")
        #expect(some.majority == 0.5)
    }

    @Test(
        arguments: [
            (12, [("plane", 5)], [], "12 test images without a label, 5 of 1 class that training lacks (plane)"),
            (0, [("a", 1)], [], "1 test image of 1 class that training lacks (a)"),
            (
                1, [], ["a", "b", "c", "d", "e"],
                "1 test image without a label, 5 classes without a test image (a, b, c and 2 more)"
            ),
        ] as [(Int, [(String, Int)], [String], String)])
    func theLineIsOne(unlabelled: Int, unknown: [(String, Int)], untested: [String], wanted: String) {
        var leftOut = LeftOut()
        leftOut.testUnlabelled = unlabelled
        leftOut.testUnknown = unknown.map { .init(name: $0.0, images: $0.1) }
        leftOut.untested = untested
        #expect(leftOut.summary == wanted)
    }

    @Test("The constant answer is one that can be right") func majority() {
        // Most training images are dogs, but no test image is one.
        let one = Scorable(train: [1, 1, 1, 0, 0, 2], test: [0, 0, 2, 0], names: ["cat", "dog", "emu"])
        #expect(one.majority == 0.75)
        // Of two as large the first.
        #expect(Scorable(train: [0, 1], test: [1, 1, 0], names: ["a", "b"]).majority == 1 / 3.0)
    }

    @Test func classesOfOneNameStayApart() {
        let cranes = Scorable(train: [0, 1, 2], test: [2, 0], names: ["crane", "crow", "crane"])
        #expect(cranes.classes == [0, 1, 2] && cranes.testLabels == [2, 0])
        let lacking = Scorable(train: [0, 1], test: [2, 0], names: ["crane", "crow", "crane"])
        #expect(lacking.leftOut.testUnknown.map(\.name) == ["crane (2)"])
    }

    @Test(
        arguments: [
            ([-1, -1], [0], "there are none"), ([1, 1], [0], "2 of one class"),
            ([0, 1], [-1, -1, -1], "3 test images without a label"), ([0, 1], [2], "1 test image of 1 class"),
        ] as [([Int], [Int], String)])
    func anObstacleIsNamed(train: [Int], test: [Int], wanted: String) throws {
        let none = Scorable(train: train, test: test, names: ["a", "b", "c"])
        let obstacle = try #require(none.obstacle("the probe"))
        #expect(obstacle.hasPrefix("the probe") && obstacle.contains(wanted), "\(obstacle)")
    }

    @Test("Memory follows the images, not the largest label") func manyClasses() {
        let names = (0..<22_000).map(String.init)
        let train = (0..<44_000).map { $0 % 22_000 }
        let all = Scorable(train: train, test: train, names: names)
        #expect(all.classes.count == 22_000 && all.test.count == 44_000)
        let scores = Scores(ranked: train.map { [$0] }, labels: train, classes: 22_000)
        #expect(scores.top1 == 1 && scores.balanced == 1 && scores.confusion?.cells.count == 22_000)
    }
}
