/// Finds hashes that differ in few bits without comparing all pairs.
///
/// Hashes at most 7 bits apart have one of their four 16-bit bands at most one bit apart (otherwise each band would
/// hold two). So each is compared only with hashes that share a band up to one bit: 17 look-ups in each of four tables
/// of 65,536 entries.
struct NearDuplicates {
    /// The largest distance in bits at which two pictures count as the same.
    static let maximumDistance = 7

    /// A picture and its near duplicates.
    struct Group: Equatable {
        /// The index of the first picture in the list.
        var first: Int
        /// The indices of the others, with their distances from the first in bits.
        var others: [(index: Int, distance: Int)]

        static func == (one: Group, other: Group) -> Bool {
            one.first == other.first && one.others.elementsEqual(other.others, by: ==)
        }
    }

    /// Groups of two or more pictures. In the order of the list, each picture without a group forms one with all
    /// ungrouped pictures within `distance`. So no chain of small steps joins pictures that are not alike.
    /// - Parameters:
    ///   - distance: at most `maximumDistance`.
    ///   - agree: whether two pictures with near hashes are duplicates, by a closer comparison.
    static func groups(
        _ hashes: [UInt64?], within distance: Int, agree: (Int, Int) -> Bool = { _, _ in true }
    ) -> [Group] {
        let tables = (0..<4).map { Table(hashes, shift: UInt64(16 * $0)) }
        var isGrouped = [Bool](repeating: false, count: hashes.count)
        var groups: [Group] = []
        for (index, hash) in hashes.enumerated() where !isGrouped[index] {
            guard let hash else { continue }
            var found: [(index: Int, distance: Int)] = []
            for table in tables {
                table.visit(hash) { other in
                    guard other > index, !isGrouped[other], let otherHash = hashes[other] else { return }
                    let bits = (hash ^ otherHash).nonzeroBitCount
                    guard bits <= distance, agree(index, other) else { return }
                    isGrouped[other] = true
                    found.append((other, bits))
                }
            }
            if !found.isEmpty { groups.append(Group(first: index, others: found.sorted { $0.index < $1.index })) }
        }
        return groups
    }

    /// The indices of hashes by one band, in a counting sort.
    private struct Table {
        private let shift: UInt64
        private var starts = [Int32](repeating: 0, count: 65_537)
        private var indices: [Int32]

        init(_ hashes: [UInt64?], shift: UInt64) {
            self.shift = shift
            var counts = [Int32](repeating: 0, count: 65_537)
            for case let hash? in hashes { counts[Int(hash >> shift & 0xFFFF) + 1] += 1 }
            for band in 1...65_536 { counts[band] += counts[band - 1] }
            starts = counts
            indices = [Int32](repeating: 0, count: Int(counts[65_536]))
            for (index, hash) in hashes.enumerated() {
                guard let hash else { continue }
                let band = Int(hash >> shift & 0xFFFF)
                indices[Int(counts[band])] = Int32(index)
                counts[band] += 1
            }
        }

        /// Calls `body` with the index of every hash whose band differs in at most one bit.
        func visit(_ hash: UInt64, _ body: (Int) -> Void) {
            let band = Int(hash >> shift & 0xFFFF)
            for flip in 0...16 {
                let probe = flip == 16 ? band : band ^ (1 << flip)
                for index in starts[probe]..<starts[probe + 1] { body(Int(indices[Int(index)])) }
            }
        }
    }
}
