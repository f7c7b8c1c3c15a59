import Testing

@testable import Contrast

@Suite("Scores")
struct ScoresTests {
    @Test func countsHitsByClass() {
        let ranked = [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0]]
        let scores = Scores(ranked: ranked, labels: [0, 0, 2, 1], classes: 4)
        #expect(scores.top1 == 0.75)
        #expect(scores.perClass == [0.5, 1, 1, nil])
        #expect(scores.balanced == 2.5 / 3)
        #expect(scores.confusion?.matrix(classes: 4)[0] == [1, 1, 0, 0])
        #expect(scores.top5 == nil)
    }

    @Test func fiveGuessesCountFromSixClassesOn() {
        let scores = Scores(ranked: [[5, 4, 3, 2, 1, 0], [5, 4, 3, 2, 0, 1]], labels: [0, 0], classes: 6)
        #expect(scores.top1 == 0)
        #expect(scores.top5 == 0.5)
    }
}
