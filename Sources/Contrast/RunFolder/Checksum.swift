import Foundation

/// The SHA-256 of a file in its own header, which shows a change of any bit.
///
/// The note `sha256` of a safetensors file holds the digest, in hexadecimal, of the whole file with 64 zeros in the
/// digest's place. Any reader of the format can read the file.
enum Checksum {
    /// The note that a file is written with before its digest is known.
    static let placeholder = (key: "sha256", value: String(repeating: "0", count: 64))

    /// The header's text before the digest. It is nowhere else: a quote in another note follows a backslash.
    private static let mark = Array("\"\(placeholder.key)\":\"".utf8)

    /// Writes the digest into the header.
    /// - Returns: false if the file has no placeholder.
    @discardableResult
    static func embed(in file: inout [UInt8]) -> Bool {
        guard let place = file.withUnsafeBytes({ place(in: $0) }) else { return false }
        file.replaceSubrange(place, with: Array(placeholder.value.utf8))
        file.replaceSubrange(place, with: Array(SHA256.hexadecimal(file).utf8))
        return true
    }

    /// Whether a file has the digest that was written into it; nil if it has none.
    static func verify(_ file: Data) -> Bool? {
        file.withUnsafeBytes { bytes in
            guard let place = place(in: bytes) else { return nil }
            var hash = SHA256()
            hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<place.lowerBound]))
            hash.update(Array(placeholder.value.utf8))
            hash.update(UnsafeRawBufferPointer(rebasing: bytes[place.upperBound...]))
            return bytes[place].elementsEqual(hash.hexadecimal().utf8)
        }
    }

    private static func place(in file: UnsafeRawBufferPointer) -> Range<Int>? {
        guard file.count >= 8 else { return nil }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard let header = Int(exactly: length), header <= file.count - 8 else { return nil }
        guard
            let found = Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: file.baseAddress.unsafelyUnwrapped), count: 8 + header,
                deallocator: .none
            )
            .range(of: Data(mark), in: 8..<8 + header)
        else { return nil }
        let end = found.upperBound + placeholder.value.utf8.count
        return end <= 8 + header ? found.upperBound..<end : nil
    }
}
