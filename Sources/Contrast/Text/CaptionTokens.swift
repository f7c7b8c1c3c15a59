import Foundation
import Text
import Torch
import Views

/// The tokens of captions, a row for each image.
public struct CaptionTokens {
    /// All rows, one after another.
    private var tokens: [Int32] = []
    /// The start of each row, and the end of the last.
    private var starts = [0]
    /// The number of rows that were longer than the context and were cut.
    private(set) var truncated = 0

    /// Makes an empty list.
    init() {}

    /// Encodes texts.
    init(_ texts: [String], tokenizer: BytePairTokenizer, context: Int) {
        var memory: [ArraySlice<UInt8>: [Int32]] = [:]
        for text in texts { add(tokenizer.encode(text, memory: &memory), tokenizer: tokenizer, context: context) }
    }

    /// The number of rows.
    var count: Int { starts.count - 1 }

    /// A row with its start and end tokens.
    func row(_ index: Int) -> ArraySlice<Int32> { tokens[starts[index]..<starts[index + 1]] }

    /// Adds a row between the start and end tokens; cuts a text that is too long.
    mutating func add(_ text: [Int32], tokenizer: BytePairTokenizer, context: Int) {
        if text.count > context - 2 { truncated += 1 }
        tokens.append(tokenizer.start)
        tokens += text.prefix(context - 2)
        tokens.append(tokenizer.end)
        starts.append(tokens.count)
    }

    /// Rows as a tensor `[N, L]`, int64, with zeros after the end. L is the length of the longest row, which takes less
    /// work than the context's and gives the same embeddings.
    func tensor(_ rows: [Int]) throws(TorchError) -> Tensor {
        let length = rows.map { row($0).count }.max() ?? 0
        var values: [Int64] = []
        values.reserveCapacity(rows.count * length)
        for index in rows {
            let row = row(index)
            values += row.lazy.map { Int64($0) }
            values += repeatElement(0, count: length - row.count)
        }
        return try Tensor(values, shape: [rows.count, length])
    }
}

/// The images of a source that have captions, and the captions' tokens.
public struct CaptionedImages {
    /// The images with a caption.
    public var images: any Source
    /// The captions' tokens.
    public var tokens: CaptionTokens
    /// Notes for the user.
    public var notes: [String] = []
}
