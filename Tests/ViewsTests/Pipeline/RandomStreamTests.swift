import Testing

@testable import Views

@Suite("Random streams")
struct RandomStreamTests {
    /// Known answers of Random123's philox4x32-10.
    @Test(arguments: [
        (
            SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
            SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
        ),
        (
            SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
            SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
        ),
        (
            SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
            SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
            SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
        ),
    ])
    func philoxGivesTheKnownAnswers(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
        #expect(RandomStream.philox(counter, key: key) == expected)
    }

    @Test func everyPartOfTheKeyChangesTheStream() {
        let base = RandomKey(seed: 1, epoch: 2, sample: 3, view: 4, node: 5)
        var keys = [base]
        for change in [\RandomKey.epoch, \.sample, \.view, \.node] {
            var key = base
            key[keyPath: change] += 1
            keys.append(key)
        }
        keys.append(RandomKey(seed: 2, epoch: 2, sample: 3, view: 4, node: 5))
        let draws = keys.map { key in
            var stream = RandomStream(key)
            return [stream.next(), stream.next()]
        }
        #expect(Set(draws).count == keys.count)
        var again = RandomStream(base)
        #expect([again.next(), again.next()] == draws[0])
    }

    @Test func noTwoPurposesShareAStream() {
        // Views count up from 0; no pipeline has a thousand of them.
        let purposes = RandomKey.Purpose.allCases.map { RandomKey(seed: 1, epoch: 2, sample: 3, purpose: $0) }
        let views = (0..<1000).map { RandomKey(seed: 1, epoch: 2, sample: 3, view: $0) }
        let draws = (purposes + views).map { key in
            var stream = RandomStream(key)
            return [stream.next(), stream.next(), stream.next(), stream.next()]
        }
        #expect(Set(draws).count == RandomKey.Purpose.allCases.count + 1000)
    }

    @Test(
        "Values that runs repeat by stay",
        arguments: [
            (RandomKey.Purpose.trunk, 0xFFFF), (.order, 0xFFFE), (.split, 0xFFFD), (.pack, 0xFFFC),
        ])
    func values(purpose: RandomKey.Purpose, value: Int) { #expect(purpose.rawValue == value) }

    @Test func unitDrawsFillTheInterval() {
        var stream = RandomStream(RandomKey(seed: 7, epoch: 0, sample: 0, purpose: .trunk))
        let draws = (0..<20_000).map { _ in stream.unit() }
        #expect(draws.allSatisfy { 0 <= $0 && $0 < 1 })
        #expect(abs(draws.reduce(0, +) / 20_000 - 0.5) < 0.01)
        let normals = (0..<20_000).map { _ in stream.normal() }
        #expect(abs(normals.reduce(0, +) / 20_000) < 0.03)
        #expect(abs(normals.map { $0 * $0 }.reduce(0, +) / 20_000 - 1) < 0.05)
    }

    @Test func permutationsAreFair() {
        var counts = [[Int]: Int]()
        for sample in 0..<24_000 {
            var stream = RandomStream(RandomKey(seed: 3, epoch: 0, sample: sample, purpose: .trunk))
            counts[stream.permutation(4), default: 0] += 1
        }
        #expect(counts.count == 24)
        #expect(counts.values.allSatisfy { abs($0 - 1000) < 200 })
    }
}
