import Files
import Foundation
import Testing

@testable import Text

@Suite("Byte-pair tokens")
struct TokenizerTests {
    private struct Expected: Decodable {
        struct Text: Decodable {
            var text: String
            var tokens: [Int32]
        }
        var start: Int32
        var end: Int32
        var texts: [Text]
    }

    private static let folder =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures"

    private func vocabulary(_ text: String, size: Int = 100_000) throws -> BytePairVocabulary {
        try Data(text.utf8).withUnsafeBytes { try BytePairVocabulary($0, path: "v.txt", size: size) }
    }

    private func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        WordSplitter.forEach(in: text) { pieces.append(String(decoding: $0, as: UTF8.self)) }
        return pieces
    }

    @Test func tokensAreThoseOfClipsCode() throws {
        let vocabulary = try BytePairVocabulary(contentsOf: "\(Self.folder)/merges.txt", size: 100_000)
        let tokenizer = BytePairTokenizer(vocabulary)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/expected.json"))
        let expected = try JSONDecoder().decode(Expected.self, from: data)
        #expect(tokenizer.start == expected.start && tokenizer.end == expected.end)
        #expect(vocabulary.size == Int(expected.end) + 1)
        #expect(expected.texts.count > 20)
        var memory: [ArraySlice<UInt8>: [Int32]] = [:]
        for text in expected.texts {
            #expect(tokenizer.encode(text.text) == text.tokens, "\(text.text)")
            #expect(tokenizer.encode(text.text, memory: &memory) == text.tokens, "\(text.text)")
        }
        // Written and read again it is the same.
        #expect(try self.vocabulary(vocabulary.text) == vocabulary)
    }

    @Test func piecesAreCutAsClipCutsThem() {
        #expect(pieces("It's 12 o'clock!") == ["it", "'s", "1", "2", "o", "'", "clock", "!"])
        #expect(pieces("we'll they'Re 'x don't") == ["we", "'ll", "they", "'re", "'", "x", "don", "'t"])
        #expect(pieces(" \t\n\u{A0}\u{3000} ") == [])
        #expect(pieces("a.b--c?!d") == ["a", ".", "b", "--", "c", "?!", "d"])
        #expect(pieces("½²Ⅷ") == ["½", "²", "ⅷ"])
        // The names of special tokens are text.
        #expect(pieces("<|endoftext|>") == ["<|", "endoftext", "|>"])
        #expect(pieces(String(repeating: "x", count: 1500)).map(\.count) == [1024, 476])
    }

    @Test func everyByteComesBack() throws {
        let tokenizer = BytePairTokenizer(
            try BytePairVocabulary(contentsOf: "\(Self.folder)/merges.txt", size: 100_000))
        for byte in UInt8.min...UInt8.max {
            #expect(tokenizer.bytes(of: tokenizer.encode(piece: [byte])) == [byte, 0x20])
        }
        var state: UInt32 = 1
        for length in [1, 2, 3, 5, 8, 100, 1000] {
            for _ in 0..<20 {
                let bytes = (0..<length).map { _ -> UInt8 in
                    state = state &* 1_664_525 &+ 1_013_904_223
                    // Bytes that merge are frequent among them.
                    return state >> 31 == 0
                        ? UInt8(truncatingIfNeeded: state >> 20) : Array("thecabing!".utf8)[Int(state >> 20) % 10]
                }
                #expect(tokenizer.bytes(of: tokenizer.encode(piece: bytes[...])) == bytes + [0x20])
            }
        }
        #expect(tokenizer.decode(tokenizer.encode("The  cat's\nCafé")) == "the cat 's café ")
        #expect(tokenizer.bytes(of: [tokenizer.start, tokenizer.end, -1, 1_000_000]) == [])
    }

    @Test func theBytesAreNumberedAsInClip() {
        // "!" is the first printable byte; the first that is not is 0.
        #expect(ByteAlphabet.order[0] == 33 && ByteAlphabet.order[188] == 0 && ByteAlphabet.order.count == 256)
        #expect(Set(ByteAlphabet.order).count == 256)
        #expect(ByteAlphabet.text([0, 32, 127, 173, 65]) == "\u{100}\u{120}\u{121}\u{143}A")
        #expect(ByteAlphabet.bytes(of: "\u{100}\u{120}A".unicodeScalars) == [0, 32, 65])
        #expect(ByteAlphabet.bytes(of: " ".unicodeScalars) == nil)
    }

    @Test(
        "A vocabulary that makes no sense is refused with its line",
        arguments: [
            ("#version: 0.2\nt h\nth", "line 3: must be two tokens"), ("t h e", "line 1: must be two tokens"),
            ("t h\nthe x", "line 2: \"the\" is no byte and no merge of an earlier line"),
            ("\n\nt </w>", "line 3: \"</w>\" is no byte"), ("t</w> h", "line 1: nothing can follow"),
            ("t \u{2603}", "line 1: must be two tokens"),
        ])
    func refusesNonsense(text: String, reason: String) {
        let error = #expect(throws: DataError.self) { try vocabulary(text) }
        #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "")")
        #expect(error?.path == "v.txt")
    }

    @Test func filesOfOtherKindsAreRefused() throws {
        let packed = #expect(throws: DataError.self) {
            try Data([0x1F, 0x8B, 8, 0]).withUnsafeBytes { try BytePairVocabulary($0, path: "v", size: 600) }
        }
        #expect(packed?.reason.contains("gunzip") == true)
        #expect(throws: DataError.self) {
            try Data([0xFF, 0xFE]).withUnsafeBytes { try BytePairVocabulary($0, path: "v", size: 600) }
        }
        let absent = #expect(throws: DataError.self) { try BytePairVocabulary(contentsOf: "/none.txt", size: 600) }
        #expect(absent == DataError(path: "/none.txt", reason: "cannot be read: No such file or directory"))
    }

    @Test func theSizeBoundsTheMerges() throws {
        #expect(try vocabulary("t h\nth e\nthe y", size: 516).size == 516)
        #expect(try vocabulary("t h\nth e\nthe y", size: 514).size == 514)
        #expect(try vocabulary("t h", size: 600).size == 515)
    }

    @Test func learnsTheMostFrequentPairsFirst() {
        var trainer = BytePairTrainer()
        for text in [
            "low low low low low", "lower lower", "newest newest newest newest newest newest", "widest widest widest",
        ] {
            trainer.add(text)
        }
        // Sennrich's example; pairs that are as frequent go by the tokens' numbers.
        let merges = trainer.vocabulary(size: 514 + 5).text.split(separator: "\n").dropFirst()
        #expect(Array(merges) == ["e s", "es t</w>", "l o", "e w", "n ew"])
        // Nothing is merged that is there once.
        var once = BytePairTrainer()
        once.add("ab cd")
        #expect(once.vocabulary(size: 1000).size == 514)
    }

    @Test func theOrderOfTextsDoesNotMatter() throws {
        let texts = (0..<200).map { "number \($0 * 7 % 13) of aaaa aaaaa banana bandana \($0 % 5) cafés the theme" }
        func learn(_ texts: [String]) -> BytePairVocabulary {
            var trainer = BytePairTrainer()
            for text in texts { trainer.add(text) }
            return trainer.vocabulary(size: 560)
        }
        let learned = learn(texts)
        #expect(learn(texts.reversed()) == learned)
        #expect(learn(texts) == learned)
        #expect(try vocabulary(learned.text) == learned)
        // What is frequent becomes one token.
        let tokenizer = BytePairTokenizer(learned)
        #expect(tokenizer.encode("number banana cafés").count == 3)
        #expect(tokenizer.decode(tokenizer.encode("aaaaa banana café")) == "aaaaa banana café ")
    }

    @Test func mergesAreThoseOfANaiveCount() {
        var state: UInt32 = 7
        var words: [String: Int] = [:]
        var trainer = BytePairTrainer()
        for _ in 0..<300 {
            let word = String(
                decoding: (0..<6).map { _ -> UInt8 in
                    state = state &* 1_664_525 &+ 1_013_904_223
                    return UInt8(ascii: "a") + UInt8(state >> 30)
                }, as: UTF8.self)
            words[word, default: 0] += 1
            trainer.add(word)
        }
        let found = trainer.vocabulary(size: 514 + 40).merges
        // Everything counted anew at every step.
        var split = words.map { word, count in
            (
                Array(word.utf8).dropLast().map { BytePairVocabulary.Symbol(bytes: [$0], endsWord: false) }
                    + [BytePairVocabulary.Symbol(bytes: [word.utf8.last ?? 0], endsWord: true)], count
            )
        }
        for merge in found {
            var counts: [BytePairVocabulary.Merge: Int] = [:]
            for (symbols, count) in split {
                for (first, second) in zip(symbols, symbols.dropFirst()) {
                    counts[.init(first: first, second: second), default: 0] += count
                }
            }
            #expect(counts[merge] == counts.values.max())
            for index in split.indices {
                var merged: [BytePairVocabulary.Symbol] = []
                for symbol in split[index].0 {
                    if let last = merged.last, last == merge.first, symbol == merge.second {
                        merged[merged.count - 1] = last + symbol
                    } else {
                        merged.append(symbol)
                    }
                }
                split[index].0 = merged
            }
        }
        #expect(found.count == 40)
    }
}
