/// Trains a `BytePairVocabulary` on texts: the most frequent pair of neighbours becomes a token, again and again
/// (Sennrich et al. 2016, arXiv 1508.07909, algorithm 1).
///
/// Of equally frequent pairs, it merges the one whose tokens come first, so that the same texts in any order give the
/// same vocabulary.
public struct BytePairTrainer {
    private var pieces: [ArraySlice<UInt8>: Int] = [:]

    /// A trainer without texts.
    public init() {}

    /// Counts the pieces of a text.
    public mutating func add(_ text: String) {
        WordSplitter.forEach(in: text) { piece in
            if pieces[piece] != nil { pieces[piece]? += 1 } else { pieces[ArraySlice(Array(piece))] = 1 }
        }
    }

    /// The vocabulary of the counted texts.
    /// - Parameter size: the largest number of tokens, of which 514 are not merges; there are fewer if no pair occurs
    ///   twice.
    public func vocabulary(size: Int) -> BytePairVocabulary {
        var state = Counts(pieces)
        var merges: [BytePairVocabulary.Merge] = []
        while merges.count < size - BytePairVocabulary.fixedTokens, let merge = state.next() { merges.append(merge) }
        return BytePairVocabulary(merges: merges)
    }
}

/// The counts of all pairs of neighbours, updated as pairs are merged.
private struct Counts {
    private var words: [[Int32]] = []
    private var weights: [Int] = []
    private var symbols = BytePairVocabulary.bytesAsSymbols
    private var numbers: [BytePairVocabulary.Symbol: Int32] = [:]
    private var counts: [UInt64: Int] = [:]
    /// The words in which a pair may occur.
    private var occurrences: [UInt64: Set<Int32>] = [:]
    private var heap = PairHeap()

    init(_ pieces: [ArraySlice<UInt8>: Int]) {
        for (number, symbol) in symbols.enumerated() { numbers[symbol] = Int32(number) }
        for (piece, count) in pieces {
            guard let last = piece.last else { continue }
            words.append(
                piece.dropLast().map { ByteAlphabet.index[Int($0)] } + [256 + ByteAlphabet.index[Int(last)]])
            weights.append(count)
        }
        for word in words.indices { change(word, by: weights[word], noting: true) }
        for (pair, count) in counts { heap.push(count, pair) }
    }

    /// Applies the next merge to all words and returns it; nil if no pair occurs twice.
    mutating func next() -> BytePairVocabulary.Merge? {
        while let (count, pair) = heap.pop() {
            // An entry with an outdated count is pushed again with its current count.
            guard count == counts[pair], count >= 2 else { continue }
            let first = symbols[Int(pair >> 32)]
            let second = symbols[Int(pair & 0xFFFF_FFFF)]
            let joined = first + second
            let token = numbers[joined] ?? Int32(symbols.count)
            if numbers[joined] == nil {
                numbers[joined] = token
                symbols.append(joined)
            }
            let concerned = occurrences[pair] ?? []
            var changed = Set<UInt64>()
            for index in concerned {
                let word = Int(index)
                changed.formUnion(change(word, by: -weights[word], noting: false))
                replace(pair, by: token, in: &words[word])
                changed.formUnion(change(word, by: weights[word], noting: true))
            }
            occurrences[pair] = nil
            counts[pair] = nil
            for pair in changed { if let count = counts[pair], count >= 2 { heap.push(count, pair) } }
            return BytePairVocabulary.Merge(first: first, second: second)
        }
        return nil
    }

    /// Adds a word's pairs to the counts and returns them.
    @discardableResult
    private mutating func change(_ word: Int, by weight: Int, noting: Bool) -> Set<UInt64> {
        var pairs = Set<UInt64>()
        let tokens = words[word]
        for position in tokens.indices.dropFirst() {
            let pair = pairKey(tokens[position - 1], tokens[position])
            counts[pair, default: 0] += weight
            if noting { occurrences[pair, default: []].insert(Int32(word)) }
            pairs.insert(pair)
        }
        return pairs
    }
}

/// Pairs by count, the most frequent first, then by their tokens.
private struct PairHeap {
    private var items: [(count: Int, pair: UInt64)] = []

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        items[a].count != items[b].count ? items[a].count > items[b].count : items[a].pair < items[b].pair
    }

    mutating func push(_ count: Int, _ pair: UInt64) {
        items.append((count, pair))
        var position = items.count - 1
        while position > 0, precedes(position, (position - 1) / 2) {
            items.swapAt(position, (position - 1) / 2)
            position = (position - 1) / 2
        }
    }

    mutating func pop() -> (count: Int, pair: UInt64)? {
        guard let top = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return top }
        items[0] = last
        var position = 0
        while true {
            var best = position
            for child in [2 * position + 1, 2 * position + 2] where child < items.count && precedes(child, best) {
                best = child
            }
            guard best != position else { return top }
            items.swapAt(position, best)
            position = best
        }
    }
}
