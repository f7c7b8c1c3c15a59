import Testing

@testable import Contrast

@Suite("Schedules")
struct SchedulesTests {
    @Test func cosineGoesFromOneToZero() {
        let cosine = CosineConfiguration()
        #expect(cosine.factor(step: 0, steps: 100, stepsPerEpoch: 10) == 1)
        #expect(abs(cosine.factor(step: 50, steps: 100, stepsPerEpoch: 10) - 0.5) < 1e-15)
        #expect(abs(cosine.factor(step: 25, steps: 100, stepsPerEpoch: 10) - (1 + 0.5.squareRoot()) / 2) < 1e-15)
        #expect(cosine.factor(step: 100, steps: 100, stepsPerEpoch: 10) == 0)
        let last = cosine.factor(step: 99, steps: 100, stepsPerEpoch: 10)
        #expect(last > 0 && last < 3e-4)
    }

    @Test func warmUpIsLinearAndEndsAtOne() {
        var cosine = CosineConfiguration()
        cosine.warmupEpochs = 1.5
        let factors = (0..<100).map { cosine.factor(step: $0, steps: 100, stepsPerEpoch: 10) }
        for step in 0..<15 { #expect(abs(factors[step] - Double(step + 1) / 15) < 1e-15) }
        #expect(factors[14] == 1 && factors[15] == 1)
        #expect(zip(factors[15...], factors[16...]).allSatisfy { $0 > $1 })
    }

    @Test func theFloorHolds() {
        var cosine = CosineConfiguration()
        cosine.floor = 0.1
        #expect(cosine.factor(step: 0, steps: 10, stepsPerEpoch: 5) == 1)
        #expect(abs(cosine.factor(step: 10, steps: 10, stepsPerEpoch: 5) - 0.1) < 1e-15)
        #expect(throws: (any Error).self) {
            cosine.floor = 1.5
            try cosine.validate()
        }
    }

    @Test("Warm-up longer than the run never passes 1") func longWarmUp() {
        var cosine = CosineConfiguration()
        cosine.warmupEpochs = 50
        let factors = (0..<20).map { cosine.factor(step: $0, steps: 20, stepsPerEpoch: 10) }
        #expect(factors == (0..<20).map { Double($0 + 1) / 20 })
    }

    @Test func aConstantStaysOne() {
        #expect((0..<5).allSatisfy { ConstantSchedule().factor(step: $0, steps: 5, stepsPerEpoch: 5) == 1 })
    }
}
