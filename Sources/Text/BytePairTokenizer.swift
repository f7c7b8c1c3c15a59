/// Turns text into the tokens of a `BytePairVocabulary`, and back.
///
/// A piece of text (see `WordSplitter`) starts as the tokens of its bytes; that of the last byte ends a word. Then the
/// pair whose merge comes first in the vocabulary is merged at all its positions, until no pair can be merged.
public struct BytePairTokenizer: Sendable {
    /// The vocabulary.
    public let vocabulary: BytePairVocabulary
    private let symbols: [BytePairVocabulary.Symbol]
    /// The token that a pair merges into, and the order of the merge.
    private let merges: [UInt64: (rank: Int, token: Int32)]

    /// A tokenizer for a vocabulary.
    public init(_ vocabulary: BytePairVocabulary) {
        self.vocabulary = vocabulary
        let symbols = BytePairVocabulary.bytesAsSymbols + vocabulary.merges.map { $0.first + $0.second }
        // If two merges give the same token, its number is the later one, as in CLIP's code.
        var numbers: [BytePairVocabulary.Symbol: Int32] = [:]
        for (number, symbol) in symbols.enumerated() { numbers[symbol] = Int32(number) }
        var merges: [UInt64: (rank: Int, token: Int32)] = [:]
        for (rank, merge) in vocabulary.merges.enumerated() {
            guard let first = numbers[merge.first], let second = numbers[merge.second],
                let token = numbers[merge.first + merge.second]
            else { continue }
            merges[pairKey(first, second)] = (rank, token)
        }
        self.symbols = symbols
        self.merges = merges
    }

    /// The token that starts a text.
    public var start: Int32 { Int32(symbols.count) }
    /// The token that ends a text; it has the largest number.
    public var end: Int32 { Int32(symbols.count) + 1 }

    /// The tokens of a text, without those of its start and end.
    public func encode(_ text: String) -> [Int32] {
        var memory: [ArraySlice<UInt8>: [Int32]] = [:]
        return encode(text, memory: &memory)
    }

    /// The same with a cache of pieces, since texts have most of their pieces in common.
    public func encode(_ text: String, memory: inout [ArraySlice<UInt8>: [Int32]]) -> [Int32] {
        var tokens: [Int32] = []
        WordSplitter.forEach(in: text) { piece in
            if let known = memory[piece] {
                tokens += known
            } else {
                let new = encode(piece: piece)
                // The cache is emptied after a million pieces.
                if memory.count >= 1 << 20 { memory.removeAll() }
                memory[ArraySlice(Array(piece))] = new
                tokens += new
            }
        }
        return tokens
    }

    /// The bytes of tokens, with a space after each word; start and end have no bytes. Numbers without a token are
    /// skipped.
    public func bytes(of tokens: some Sequence<Int32>) -> [UInt8] {
        var bytes: [UInt8] = []
        for token in tokens where symbols.indices.contains(Int(token)) {
            bytes += symbols[Int(token)].bytes
            if symbols[Int(token)].endsWord { bytes.append(0x20) }
        }
        return bytes
    }

    /// The text of tokens, with replacement characters for invalid UTF-8.
    public func decode(_ tokens: some Sequence<Int32>) -> String { String(decoding: bytes(of: tokens), as: UTF8.self) }

    /// The tokens of the bytes of one piece.
    func encode(piece: ArraySlice<UInt8>) -> [Int32] {
        guard let last = piece.last else { return [] }
        var tokens = piece.dropLast().map { ByteAlphabet.index[Int($0)] } + [256 + ByteAlphabet.index[Int(last)]]
        while tokens.count > 1 {
            var best: (rank: Int, token: Int32)?
            var pair: UInt64 = 0
            for position in 1..<tokens.count {
                let key = pairKey(tokens[position - 1], tokens[position])
                if let merge = merges[key], merge.rank < best?.rank ?? Int.max { (best, pair) = (merge, key) }
            }
            guard let best else { break }
            replace(pair, by: best.token, in: &tokens)
        }
        return tokens
    }
}

/// Two tokens as one number.
func pairKey(_ first: Int32, _ second: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
}

/// Replaces a pair at all its positions, from the left.
func replace(_ pair: UInt64, by token: Int32, in tokens: inout [Int32]) {
    var kept = 0
    var position = 0
    while position < tokens.count {
        if position + 1 < tokens.count, pairKey(tokens[position], tokens[position + 1]) == pair {
            tokens[kept] = token
            position += 2
        } else {
            tokens[kept] = tokens[position]
            position += 1
        }
        kept += 1
    }
    tokens.removeLast(tokens.count - kept)
}
