/// Identifies a file by its bytes: the length and two independent 64-bit hashes.
///
/// With a million files the chance of a false pair is below 10^-26, so the bytes need not be stored.
struct Fingerprint: Hashable, Sendable {
    var length: Int
    var first: UInt64
    var second: UInt64

    init(_ bytes: UnsafeRawBufferPointer) {
        length = bytes.count
        first = 0xCBF2_9CE4_8422_2325
        second = 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index + 8 <= bytes.count {
            mix(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        while index < bytes.count {
            mix(UInt64(bytes[index]))
            index += 1
        }
    }

    private mutating func mix(_ word: UInt64) {
        first = (first ^ word) &* 0x0000_0100_0000_01B3
        first ^= first >> 29
        second = (second &+ word) &* 0xBF58_476D_1CE4_E5B9
        second ^= second >> 31
    }
}
