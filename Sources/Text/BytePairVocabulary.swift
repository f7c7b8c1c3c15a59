import Files

/// The tokens of a byte-level byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909) and the merges that lead to
/// them.
///
/// Tokens are numbered as in CLIP: 256 bytes, 256 bytes that end a word, one token for each merge, then the start and
/// the end of a text. Files have the format of CLIP's `bpe_simple_vocab_16e6.txt`, unpacked: a first line with
/// `#version`, then one merge a line, the most frequent first. A merge is two tokens with a space between; `</w>` marks
/// the end of a word.
public struct BytePairVocabulary: Equatable, Sendable {
    /// A token: bytes, and whether a word ends with them.
    struct Symbol: Hashable, Sendable {
        var bytes: [UInt8]
        var endsWord: Bool

        static func + (first: Symbol, second: Symbol) -> Symbol {
            Symbol(bytes: first.bytes + second.bytes, endsWord: second.endsWord)
        }

        var text: String { ByteAlphabet.text(bytes) + (endsWord ? "</w>" : "") }
    }

    /// Two tokens that are merged into one.
    struct Merge: Hashable, Sendable {
        var first: Symbol
        var second: Symbol
    }

    /// The number of tokens that are not merges: bytes, bytes that end a word, start and end.
    public static let fixedTokens = 514
    /// The largest vocabulary file in bytes.
    static let maximumBytes = 64 << 20

    let merges: [Merge]

    init(merges: [Merge]) { self.merges = merges }

    /// The number of tokens, including start and end.
    public var size: Int { merges.count + BytePairVocabulary.fixedTokens }

    /// Reads a vocabulary file.
    /// - Parameters:
    ///   - path: a file with one merge a line, not packed.
    ///   - size: the largest number of tokens; further merges are ignored, as CLIP uses the first 48,894 of its file.
    /// - Throws: `DataError` with the line of an invalid merge.
    public init(contentsOf path: String, size: Int) throws(DataError) {
        let data: Data
        do throws(FileError) {
            data = try StoredFile.read(path, limit: BytePairVocabulary.maximumBytes)
        } catch {
            throw DataError(path: path, reason: error.reason)
        }
        self = try data.withUnsafeBytes { bytes in
            Result { () throws(DataError) in try BytePairVocabulary(bytes, path: path, size: size) }
        }.get()
    }

    /// Reads the text of a vocabulary file.
    public init(_ bytes: UnsafeRawBufferPointer, path: String, size: Int) throws(DataError) {
        guard !bytes.starts(with: [0x1F, 0x8B]) else {
            throw DataError(path: path, reason: "is packed by gzip; unpack it first, for example by gunzip")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DataError(path: path, reason: "is not text in UTF-8")
        }
        let known = BytePairVocabulary.bytesAsSymbols
        var symbols = Set(known)
        var merges: [Merge] = []
        for (number, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        {
            guard merges.count < size - BytePairVocabulary.fixedTokens else { break }
            let line = line.last == "\r" ? line.dropLast() : line
            if line.isEmpty || (number == 0 && String(line).contains("#version")) { continue }
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            func damage(_ reason: String) -> DataError {
                DataError(path: path, reason: "line \(number + 1): \(reason)")
            }
            guard parts.count == 2, let first = BytePairVocabulary.symbol(parts[0]),
                let second = BytePairVocabulary.symbol(parts[1])
            else {
                throw damage("must be two tokens with a space between, as in `th e</w>`")
            }
            for (symbol, part) in [(first, parts[0]), (second, parts[1])] where !symbols.contains(symbol) {
                throw damage("\(String(part).debugDescription) is no byte and no merge of an earlier line")
            }
            guard !first.endsWord else { throw damage("nothing can follow what ends a word") }
            merges.append(Merge(first: first, second: second))
            symbols.insert(first + second)
        }
        self.init(merges: merges)
    }

    /// The text of a vocabulary file.
    public var text: String {
        merges.reduce(into: "#version: 0.2\n") { $0 += "\($1.first.text) \($1.second.text)\n" }
    }

    /// The 512 tokens of single bytes, in order.
    static let bytesAsSymbols: [Symbol] = [false, true].flatMap { endsWord in
        ByteAlphabet.order.map { Symbol(bytes: [$0], endsWord: endsWord) }
    }

    private static func symbol(_ part: Substring.UnicodeScalarView) -> Symbol? {
        let end = Array("</w>".unicodeScalars)
        let endsWord = part.count > end.count && part.suffix(end.count).elementsEqual(end)
        let characters = endsWord ? part.dropLast(end.count) : part
        guard !characters.isEmpty, let bytes = ByteAlphabet.bytes(of: characters) else { return nil }
        return Symbol(bytes: bytes, endsWord: endsWord)
    }
}
