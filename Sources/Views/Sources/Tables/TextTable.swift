/// Distinct texts with indices, in one array of bytes. A million paths take their bytes and 12 more each.
struct TextTable: Sendable {
    private var text: [UInt8] = []
    /// The end of each text.
    private var ends: [UInt32] = []
    /// Indices by hash, with open addressing; -1 for a free slot. The count is a power of two.
    private var slots: [Int32] = []

    /// The most bytes of all texts together.
    private let limit: Int

    init(limit: Int = Int(UInt32.max)) { self.limit = limit }

    /// Number of texts.
    var count: Int { ends.count }

    /// The text at an index.
    subscript(place: Int) -> ArraySlice<UInt8> { text[range(place)] }

    /// The index of a text, which is added if it is new.
    /// - Throws: if there is no room for it.
    mutating func place(of bytes: UnsafeRawBufferPointer) throws(ImageColumns.Nonsense) -> Int {
        if 4 * (ends.count + 1) > 3 * slots.count { grow(2 * slots.count) }
        var slot = hash(bytes) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if text.withUnsafeBytes({ UnsafeRawBufferPointer(rebasing: $0[range(place)]).hasBytes(of: bytes) }) {
                return place
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        guard bytes.count <= limit - text.count else {
            throw ImageColumns.Nonsense(
                reason: "the different texts of one column have more than \(grouped(limit)) bytes")
        }
        slots[slot] = Int32(ends.count)
        text.append(contentsOf: bytes)
        ends.append(UInt32(text.count))
        return ends.count - 1
    }

    /// The indices of all texts of another table.
    mutating func places(of other: TextTable) throws(ImageColumns.Nonsense) -> [Int32] {
        var places: [Int32] = []
        places.reserveCapacity(other.count)
        for text in 0..<other.count {
            let own = other[text].withUnsafeBytes { bytes in
                Result { () throws(ImageColumns.Nonsense) in try place(of: bytes) }
            }
            places.append(Int32(try own.get()))
        }
        return places
    }

    /// Reserves memory for `factor` times the present texts, since growing step by step would copy all of them.
    mutating func reserve(_ factor: Double) {
        text.reserveCapacity(Int(Double(text.count) * factor))
        let count = Int(Double(ends.count) * factor)
        ends.reserveCapacity(count)
        var room = max(16, slots.count)
        while 3 * room < 4 * count { room *= 2 }
        grow(room)
    }

    /// Frees the memory for finding indices, after all texts are added.
    mutating func close() { slots = [] }

    private func range(_ place: Int) -> Range<Int> { (place == 0 ? 0 : Int(ends[place - 1]))..<Int(ends[place]) }

    /// Swift seeds the hash at random, so that no table can be built to cause collisions.
    private func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }

    private mutating func grow(_ count: Int) {
        slots = [Int32](repeating: -1, count: max(16, count))
        text.withUnsafeBytes { text in
            for place in ends.indices {
                var slot = hash(UnsafeRawBufferPointer(rebasing: text[range(place)])) & (slots.count - 1)
                while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
                slots[slot] = Int32(place)
            }
        }
    }
}
