import Foundation
import Testing

@testable import Views

@Suite("Near duplicates")
struct NearDuplicatesTests {
    /// All pairs, in the order that is promised.
    private func naive(_ hashes: [UInt64?], _ distance: Int) -> [NearDuplicates.Group] {
        var taken = Set<Int>()
        var groups: [NearDuplicates.Group] = []
        for first in hashes.indices where !taken.contains(first) {
            var group = NearDuplicates.Group(first: first, others: [])
            for other in hashes.indices where other > first && !taken.contains(other) {
                guard let one = hashes[first], let two = hashes[other] else { continue }
                let bits = (one ^ two).nonzeroBitCount
                if bits <= distance {
                    group.others.append((other, bits))
                    taken.insert(other)
                }
            }
            if !group.others.isEmpty { groups.append(group) }
        }
        return groups
    }

    @Test(arguments: 0...NearDuplicates.maximumDistance)
    func bandsFindWhatAllPairsFind(_ distance: Int) {
        var random = RandomStream(RandomKey(seed: 4, epoch: 0, sample: distance, purpose: .trunk))
        var hashes: [UInt64?] = [nil]
        for _ in 0..<60 {
            let centre = UInt64(random.next()) << 32 | UInt64(random.next())
            for _ in 0..<8 {
                var hash = centre
                for _ in 0..<random.integer(below: 10) { hash ^= 1 << UInt64(random.integer(below: 64)) }
                hashes.append(random.chance(0.05) ? nil : hash)
            }
        }
        let order = random.permutation(hashes.count)
        let mixed = order.map { hashes[$0] }
        let groups = NearDuplicates.groups(mixed, within: distance)
        #expect(groups == naive(mixed, distance))
        #expect(distance == 0 || !groups.isEmpty)
    }

    @Test func aCloserLookMayDisagree() {
        #expect(NearDuplicates.groups([5, 5, 5], within: 0) { $1 != 1 } == [.init(first: 0, others: [(2, 0)])])
        #expect(NearDuplicates.groups([], within: 3).isEmpty)
    }

    /// The cosine transform written out in float64, on a picture that needs no resampling.
    @Test(arguments: 0..<10)
    func theHashIsTheSignOfTheLowFrequencies(_ seed: Int) throws {
        let image = Pictures.picture(seed, width: 32, height: 32)
        let likeness = try #require(PerceptualHash().likeness(of: image))
        func luma(_ x: Int, _ y: Int) -> Double {
            let place = y * 32 + x
            return 0.299 * Double(image.plane(0)[place]) + 0.587 * Double(image.plane(1)[place])
                + 0.114 * Double(image.plane(2)[place])
        }
        var values: [Double] = []
        for v in 0..<8 {
            for u in 0..<8 {
                var sum = 0.0
                for y in 0..<32 {
                    for x in 0..<32 {
                        sum +=
                            luma(x, y) * cos(.pi / 32 * (Double(x) + 0.5) * Double(u))
                            * cos(.pi / 32 * (Double(y) + 0.5) * Double(v))
                    }
                }
                values.append(sum)
            }
        }
        let median = values.dropFirst().sorted()[31]
        for (place, value) in values.enumerated() where place > 0 && abs(value - median) > 0.01 {
            #expect((likeness.bits >> UInt64(place) & 1 == 1) == (value > median))
        }
        #expect(likeness.bits & 1 == 0 && likeness.bits.nonzeroBitCount == 31)
        // The first cell of the first plane: 4 by 4 pixels.
        let sum = (0..<16).reduce(0) { $0 + Int(image.plane(0)[$1 / 4 * 32 + $1 % 4]) }
        #expect(likeness.cells[0] == UInt8((sum + 8) / 16) && likeness.cells.count == 192)
    }

    @Test func evenPicturesHaveNoHash() {
        let image = Image()
        image.reshape(to: Size(width: 50, height: 50))
        for channel in 0..<3 { image.plane(channel).update(repeating: 90, count: 2500) }
        #expect(PerceptualHash().likeness(of: image) == nil)
    }

    @Test func coloursTellPicturesOfOneHashApart() throws {
        let first = try #require(PerceptualHash().likeness(of: Pictures.picture(1)))
        var other = first
        #expect(abs(first.correlation(with: other) - 1) < 1e-12)
        other.cells = first.cells.map { $0 / 2 + 30 }
        #expect(first.correlation(with: other) > 0.99)
        other.cells = first.cells.map { 255 - $0 }
        #expect(first.correlation(with: other) < -0.99)
        other.cells = [UInt8](repeating: 3, count: 192)
        #expect(first.correlation(with: other) == 0)
    }
}
