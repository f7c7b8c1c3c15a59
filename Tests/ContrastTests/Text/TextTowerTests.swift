import Testing
import Torch
import Views

@testable import Contrast

/// open_clip's figures: clip_text.json.
private struct TextFixture: Decodable {
    struct Case: Decodable {
        var context: Int
        var tokens: Int
        var width: Int
        var depth: Int
        var heads: Int
        var output: Int
        var quick: Bool
        var keys: [EncoderFixture.Key]
        var rows: [[Int64]]
        var features: [[Double]]
    }
    var cases: [Case]
}

@Suite("Text tower")
struct TextTowerTests {
    private func tower(_ test: TextFixture.Case) throws -> TextTower {
        var settings = TextTransformer()
        (settings.context, settings.width, settings.depth) = (test.context, test.width, test.depth)
        (settings.heads, settings.quickGelu) = (test.heads, test.quick)
        return try TextTower(settings, tokens: test.tokens, output: test.output, generator: Generator(seed: 1))
    }

    @Test("Keys, shapes and embeddings are open_clip's", arguments: 0..<2) func equalsOpenCLIP(index: Int) throws {
        let test = try Fixture.read("clip_text", as: TextFixture.self).cases[index]
        let tower = try tower(test)
        #expect(tower.stateDict.keys.sorted() == test.keys.map(\.name).sorted())
        var state: [String: Tensor] = [:]
        for (index, key) in test.keys.enumerated() {
            let v = try Tensor(
                Fixture.hashed(key.shape.reduce(1, *), stream: UInt64(index)), shape: key.shape)
            let ruled =
                if ["token_embedding.weight", "positional_embedding"].contains(key.name) {
                    try v * 0.5
                } else if key.shape.count == 2 {
                    try v * (3 / Double(key.shape[1])).squareRoot()
                } else {
                    key.name.hasSuffix("bias") ? try v * 0.1 : try v * 0.1 + 0.7
                }
            state[key.name] = try ruled.to(.float32)
        }
        try tower.load(stateDict: state)
        let tokens = try Tensor(test.rows.flatMap { $0 }, shape: [test.rows.count, test.context])
        let features = try withoutGradients { try tower(tokens) }
        #expect(try difference(features, test.features) < 1e-5)
        // What follows the end changes nothing: the short rows alone, cut to the longest of them, give the same.
        let short = try tokens.narrow(dim: 0, start: 1, length: 2)
            .narrow(dim: 1, start: 0, length: max(3, test.context / 2))
        let cut = try withoutGradients { try tower(short) }
        #expect(try difference(cut, Array(test.features[1...])) < 1e-5)
    }

    @Test func beginsAsClipDoes() throws {
        var settings = TextTransformer()
        (settings.width, settings.depth, settings.heads, settings.context) = (64, 3, 2, 40)
        let tower = try TextTower(settings, tokens: 500, output: 32, generator: Generator(seed: 1))
        func deviation(_ key: String) throws -> Double {
            let values = try #require(try tower.stateDict[key]?.toArray(Double.self))
            return (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        }
        let block = "transformer.resblocks.1"
        for (key, wanted) in [
            ("token_embedding.weight", 0.02), ("positional_embedding", 0.01), ("text_projection", 1 / 8.0),
            ("\(block).attn.in_proj_weight", 1 / 8.0), ("\(block).mlp.c_fc.weight", 1 / 128.0.squareRoot()),
            ("\(block).attn.out_proj.weight", 1 / (64 * 6.0).squareRoot()),
            ("\(block).mlp.c_proj.weight", 1 / (64 * 6.0).squareRoot()), ("\(block).mlp.c_fc.bias", 0),
        ] { #expect(abs(try deviation(key) - wanted) <= 0.08 * wanted, "\(key)") }
    }
}
