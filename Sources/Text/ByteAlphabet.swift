/// The characters that represent bytes in vocabulary files of byte-level encodings, as in GPT-2 and CLIP.
///
/// The 188 printable bytes of Latin-1 represent themselves; the other 68, in ascending order, are U+0100 and on. This
/// is also the order of their tokens.
enum ByteAlphabet {
    /// The bytes in the order of their tokens.
    static let order: [UInt8] = printable + (0...255).filter { !printable.contains($0) }
    /// The index of each byte in `order`.
    static let index: [Int32] = {
        var indices = [Int32](repeating: 0, count: 256)
        for (index, byte) in order.enumerated() { indices[Int(byte)] = Int32(index) }
        return indices
    }()

    private static let printable: [UInt8] = Array(33...126) + Array(161...172) + Array(174...255)
    private static let characters: [Unicode.Scalar] = {
        var characters = [Unicode.Scalar](repeating: " ", count: 256)
        for (index, byte) in order.enumerated() {
            let code = index < printable.count ? UInt32(byte) : UInt32(256 + index - printable.count)
            characters[Int(byte)] = Unicode.Scalar(code) ?? " "
        }
        return characters
    }()
    private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
        uniqueKeysWithValues: characters.enumerated().map { ($1, UInt8($0)) })

    /// The characters of some bytes.
    static func text(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(characters[Int(byte)]) }
        return String(text)
    }

    /// The bytes that characters represent; nil if one of them represents none.
    static func bytes(of text: some Sequence<Unicode.Scalar>) -> [UInt8]? {
        var result: [UInt8] = []
        for character in text {
            guard let byte = bytes[character] else { return nil }
            result.append(byte)
        }
        return result
    }
}
