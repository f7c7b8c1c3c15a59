/// The characters that stand for bytes in vocabulary files of byte-level encodings, as GPT-2 and CLIP write them.
///
/// The 188 printable bytes of Latin-1 stand for themselves, the other 68, in ascending order, for U+0100 and on; this is also
/// the order of their tokens.
enum ByteAlphabet {
    /// The bytes in the order of their tokens.
    static let order: [UInt8] = printable + (0...255).filter { !printable.contains($0) }
    /// The place of each byte in `order`.
    static let place: [Int32] = {
        var places = [Int32](repeating: 0, count: 256)
        for (place, byte) in order.enumerated() { places[Int(byte)] = Int32(place) }
        return places
    }()

    private static let printable: [UInt8] = Array(33...126) + Array(161...172) + Array(174...255)
    private static let characters: [Unicode.Scalar] = {
        var characters = [Unicode.Scalar](repeating: " ", count: 256)
        for (place, byte) in order.enumerated() {
            let code = place < printable.count ? UInt32(byte) : UInt32(256 + place - printable.count)
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

    /// The bytes that characters stand for; nil where one of them stands for none.
    static func bytes(of text: some Sequence<Unicode.Scalar>) -> [UInt8]? {
        var result: [UInt8] = []
        for character in text {
            guard let byte = bytes[character] else { return nil }
            result.append(byte)
        }
        return result
    }
}
