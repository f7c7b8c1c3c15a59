import Foundation
import Text
import Torch
import Views

/// The tokens of a source's captions, by the positions of its images.
public struct CaptionTokens {
    /// Rows of tokens, one after another.
    private var tokens: [Int32] = []
    /// Where each row begins, and the end of the last.
    private var starts = [0]
    /// Rows that were longer than the context, and were cut.
    private(set) var truncated = 0

    /// Nothing yet.
    init() {}

    /// Makes rows of texts.
    init(_ texts: [String], tokenizer: BytePairTokenizer, context: Int) {
        var memory: [ArraySlice<UInt8>: [Int32]] = [:]
        for text in texts { add(tokenizer.encode(text, memory: &memory), tokenizer: tokenizer, context: context) }
    }

    /// Number of rows.
    var count: Int { starts.count - 1 }

    /// One row, start and end included.
    func row(_ index: Int) -> ArraySlice<Int32> { tokens[starts[index]..<starts[index + 1]] }

    /// Adds a row between start and end; where it is too long it is cut, the end kept.
    mutating func add(_ text: [Int32], tokenizer: BytePairTokenizer, context: Int) {
        if text.count > context - 2 { truncated += 1 }
        tokens.append(tokenizer.start)
        tokens += text.prefix(context - 2)
        tokens.append(tokenizer.end)
        starts.append(tokens.count)
    }

    /// Rows as a tensor `[N, L]`, int64, with zeros after the end; L is the longest row's length, not the context's: a text tower
    /// gives the same for less work.
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

/// What a method that learns from captions makes of a source.
public struct CaptionedImages {
    /// The images that have a caption.
    public var images: any Source
    /// Their captions' tokens.
    public var tokens: CaptionTokens
    /// What people should know of it.
    public var notes: [String] = []
}
