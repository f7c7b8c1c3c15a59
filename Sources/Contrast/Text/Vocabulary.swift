import Files
import Foundation
import Text
import Views

/// Where the tokens of a text tower come from.
public struct Vocabulary: Component {
    /// `vocabulary`.
    public static let name = "vocabulary"

    /// A file in the form of CLIP's `bpe_simple_vocab_16e6.txt`, unpacked; nil to learn from the run's captions.
    public var file: String?
    /// Tokens at most, and rows of the tower's table; 49,408 with a file, as CLIP, and 4,096 without one if nil.
    public var size: Int?

    /// Learnt, 4,096 tokens.
    public init() {}

    /// Checks the range of the size; whether there is such a file is seen when a run begins.
    public func validate() throws(InvalidSetting) {
        if let size { try require("size", size, in: BytePairVocabulary.fixedTokens...16_777_216) }
        if let file, file.isEmpty { throw InvalidSetting("file", "must be a file's path, is empty") }
    }

    /// Tokens at most.
    var tokens: Int { size ?? (file == nil ? 4096 : 49_408) }

    /// Reads the file, or learns from captions.
    func make(captions: some Sequence<String>) throws(InvalidSetting) -> BytePairVocabulary {
        guard let file else {
            var trainer = BytePairTrainer()
            for caption in captions { trainer.add(caption) }
            return trainer.vocabulary(size: tokens)
        }
        do throws(DataError) {
            return try BytePairVocabulary(contentsOf: SystemPath.expanded(file), size: tokens)
        } catch {
            throw InvalidSetting("file", "\(error)")
        }
    }
}
