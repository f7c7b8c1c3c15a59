import Foundation

/// A file's own SHA-256 in its header, by which a bit that has changed anywhere in it is noticed.
///
/// The note `sha256` of a safetensors file holds the digest, in hexadecimal, of the whole file with 64 zeros in the digest's place.
/// The file stays one that any reader of the format takes.
enum Seal {
    /// The note that a file has to be written with, before it is sealed.
    static let note = (key: "sha256", value: String(repeating: "0", count: 64))

    /// What the header's text has before the digest. A quote inside of another note has a backslash before it, so that this is nowhere else.
    private static let mark = Array("\"\(note.key)\":\"".utf8)

    /// Puts the digest in its place.
    /// - Returns: false where there is no place for it.
    @discardableResult
    static func close(_ file: inout [UInt8]) -> Bool {
        guard let place = file.withUnsafeBytes({ place(in: $0) }) else { return false }
        file.replaceSubrange(place, with: Array(note.value.utf8))
        file.replaceSubrange(place, with: Array(SHA256.hexadecimal(file).utf8))
        return true
    }

    /// Whether a file is as it was sealed; nil where it has no seal.
    static func holds(_ file: Data) -> Bool? {
        file.withUnsafeBytes { bytes in
            guard let place = place(in: bytes) else { return nil }
            var hash = SHA256()
            hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<place.lowerBound]))
            hash.update(Array(note.value.utf8))
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
        let end = found.upperBound + note.value.utf8.count
        return end <= 8 + header ? found.upperBound..<end : nil
    }
}
