/// Finds hashes that differ in few bits without comparing all with all.
///
/// Hashes at most 7 bits apart have one of their four 16-bit bands at most one bit apart (else each would hold two). So
/// each is compared only with those that share a band up to one bit: 17 look-ups in each of four tables of 65,536.
struct NearDuplicates {
    /// The most bits between two pictures that are taken for the same.
    static let maximumDistance = 7

    /// A picture and those like it.
    struct Group: Equatable {
        /// The first of them, by place in the list.
        var first: Int
        /// The others, with the bits in which they differ from the first.
        var others: [(place: Int, distance: Int)]

        static func == (one: Group, other: Group) -> Bool {
            one.first == other.first && one.others.elementsEqual(other.others, by: ==)
        }
    }

    /// Groups of two or more: in the order of the list, each picture that is in no group yet takes those within `distance`
    /// of it that are in none. So no chain of small steps joins pictures that are unlike.
    /// - Parameters:
    ///   - distance: at most `maximumDistance`.
    ///   - agree: looks closer at two places whose hashes are near.
    static func groups(
        _ hashes: [UInt64?], within distance: Int, agree: (Int, Int) -> Bool = { _, _ in true }
    ) -> [Group] {
        let tables = (0..<4).map { Table(hashes, shift: UInt64(16 * $0)) }
        var isTaken = [Bool](repeating: false, count: hashes.count)
        var groups: [Group] = []
        for (place, hash) in hashes.enumerated() where !isTaken[place] {
            guard let hash else { continue }
            var found: [(place: Int, distance: Int)] = []
            for table in tables {
                table.visit(hash) { other in
                    guard other > place, !isTaken[other], let otherHash = hashes[other] else { return }
                    let bits = (hash ^ otherHash).nonzeroBitCount
                    guard bits <= distance, agree(place, other) else { return }
                    isTaken[other] = true
                    found.append((other, bits))
                }
            }
            if !found.isEmpty { groups.append(Group(first: place, others: found.sorted { $0.place < $1.place })) }
        }
        return groups
    }

    /// The places of hashes by one band, sorted by counting.
    private struct Table {
        private let shift: UInt64
        private var starts = [Int32](repeating: 0, count: 65_537)
        private var places: [Int32]

        init(_ hashes: [UInt64?], shift: UInt64) {
            self.shift = shift
            var counts = [Int32](repeating: 0, count: 65_537)
            for case let hash? in hashes { counts[Int(hash >> shift & 0xFFFF) + 1] += 1 }
            for band in 1...65_536 { counts[band] += counts[band - 1] }
            starts = counts
            places = [Int32](repeating: 0, count: Int(counts[65_536]))
            for (place, hash) in hashes.enumerated() {
                guard let hash else { continue }
                let band = Int(hash >> shift & 0xFFFF)
                places[Int(counts[band])] = Int32(place)
                counts[band] += 1
            }
        }

        /// Calls `body` with the place of every hash whose band differs in at most one bit.
        func visit(_ hash: UInt64, _ body: (Int) -> Void) {
            let band = Int(hash >> shift & 0xFFFF)
            for flip in 0...16 {
                let probe = flip == 16 ? band : band ^ (1 << flip)
                for index in starts[probe]..<starts[probe + 1] { body(Int(places[Int(index)])) }
            }
        }
    }
}
