import Foundation
import Testing

@testable import Views

@Suite("Sampling by runs and ranks")
struct SamplerTests {
    private let runs = [0..<40, 40..<41, 41..<100, 100..<103, 103..<250]

    private func sampler(
        _ shuffle: Sampler.Shuffle, count: Int = 250, batch: Int = 7, rank: Sampler.Rank = .init(0, of: 1),
        dropLast: Bool = false, seed: UInt64? = 3
    ) -> Sampler {
        Sampler(count: count, batch: batch, seed: seed, dropLast: dropLast, shuffle: shuffle, rank: rank)
    }

    @Test(arguments: [1, 10, 1000])
    func anEpochByRunsIsAPermutationOfItsOwn(_ buffer: Int) {
        let sampler = sampler(.runs(runs, buffer: buffer))
        #expect(sampler.order(epoch: 0).sorted() == Array(0..<250))
        #expect(
            sampler.order(epoch: 1) == sampler.order(epoch: 1) && sampler.order(epoch: 0) != sampler.order(epoch: 1))
        #expect(sampler.order(epoch: 2, from: 4) == Array(sampler.order(epoch: 2)[28...]))
    }

    @Test func aBufferOfOneReadsRunByRun() {
        let order = sampler(.runs(runs, buffer: 1)).order(epoch: 5)
        var rest = order[...]
        var seen: [Range<Int>] = []
        while let first = rest.first, let run = runs.first(where: { $0.contains(first) }) {
            #expect(rest.prefix(run.count).elementsEqual(run))
            rest = rest.dropFirst(run.count)
            seen.append(run)
        }
        #expect(seen.sorted { $0.lowerBound < $1.lowerBound } == runs)
    }

    /// A literal shuffle buffer never delivers an image more than `buffer - 1` places early, whatever it draws.
    @Test func noImageComesBeforeItCanBeInTheBuffer() {
        let plain = sampler(.runs(runs, buffer: 1)).order(epoch: 0)
        let mixed = sampler(.runs(runs, buffer: 20)).order(epoch: 0)
        let places = Dictionary(uniqueKeysWithValues: plain.enumerated().map { ($1, $0) })
        #expect(mixed != plain)
        for (place, image) in mixed.enumerated() { #expect((places[image] ?? 0) - place < 20) }
        #expect(mixed.enumerated().contains { (places[$1] ?? 0) - $0 == 19 })
    }

    /// Every draw from the buffer is uniform: the first image is each of the buffer's with the same frequency.
    @Test func drawsFromTheBufferAreUniform() {
        let sampler = Sampler(count: 100, batch: 1, seed: 9, dropLast: false, shuffle: .runs([0..<100], buffer: 5))
        var counts = [Int](repeating: 0, count: 5)
        for epoch in 0..<5000 { counts[sampler.order(epoch: epoch)[0]] += 1 }
        // Five standard deviations of a binomial of 5000 draws at 1/5.
        #expect(counts.allSatisfy { abs($0 - 1000) < 142 })
    }

    @Test(arguments: [1, 2, 3, 7, 16], [true, false])
    func everyRankHasAsManySteps(_ ranks: Int, _ dropLast: Bool) {
        for shuffle in [Sampler.Shuffle.global, .runs(runs, buffer: 30), .runs([0..<250], buffer: 30)] {
            let samplers = (0..<ranks).map {
                sampler(shuffle, batch: 4, rank: .init($0, of: ranks), dropLast: dropLast)
            }
            let orders = samplers.map { $0.order(epoch: 3) }
            #expect(Set(samplers.map(\.batches)).count == 1 && Set(orders.map(\.count)).count == 1)
            let all = orders.flatMap { $0 }
            if dropLast {
                #expect(Set(all).count == all.count && all.count == 250 / ranks / 4 * 4 * ranks)
            } else {
                #expect(Set(all).count == 250 && all.count < 250 + ranks)
            }
        }
    }

    @Test func ranksByRunsReadSectionsOfTheirOwn() {
        let whole = sampler(.runs(runs, buffer: 1)).order(epoch: 0)
        let parts = (0..<5).flatMap { sampler(.runs(runs, buffer: 1), rank: .init($0, of: 5)).order(epoch: 0) }
        #expect(parts == whole)
        let mixed = (0..<2).map { Set(sampler(.runs(runs, buffer: 50), rank: .init($0, of: 2)).order(epoch: 0)) }
        #expect(mixed == [Set(whole[..<125]), Set(whole[125...])])
    }

    @Test func fewerImagesThanRanksComeTwice() {
        for shuffle in [Sampler.Shuffle.global, .runs([0..<1, 1..<3], buffer: 2)] {
            for rank in 0..<8 {
                let order = sampler(shuffle, count: 3, rank: .init(rank, of: 8)).order(epoch: 0)
                #expect(order.count == 1 && (0..<3).contains(order[0]))
            }
        }
        #expect(sampler(.runs([], buffer: 2), count: 0).order(epoch: 0).isEmpty)
    }

    @Test func ranksTakeTurnsInTheSourcesOwnOrder() {
        let orders = (0..<3).map { sampler(.global, count: 8, rank: .init($0, of: 3), seed: nil).order(epoch: 0) }
        #expect(orders == [[0, 3, 6], [1, 4, 7], [2, 5, 0]])
    }

    @Test func aSamplerIsReadBackAndOldOnesToo() throws {
        let sampler = sampler(.runs(runs, buffer: 9), rank: .init(1, of: 4))
        #expect(try JSONDecoder().decode(Sampler.self, from: JSONEncoder().encode(sampler)) == sampler)
        let old = try JSONDecoder().decode(
            Sampler.self, from: Data(#"{"count": 5, "batch": 2, "seed": 1, "dropLast": true}"#.utf8))
        #expect(old == Sampler(count: 5, batch: 2, seed: 1, dropLast: true))
    }
}
