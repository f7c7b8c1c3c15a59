import Files
import Foundation
import Text
import Views

/// The settings of a text tower's vocabulary.
public struct Vocabulary: Component {
    /// `vocabulary`.
    public static let name = "vocabulary"

    /// A file in the format of CLIP's `bpe_simple_vocab_16e6.txt`, unpacked; nil to learn from the run's captions.
    public var file: String?
    /// The largest number of tokens; nil for 49,408 with a file, as in CLIP, and 4,096 without one.
    public var size: Int?

    /// Learned from the captions, 4,096 tokens.
    public init() {}

    /// Checks the size; a run checks at its start that the file exists.
    public func validate() throws(InvalidSetting) {
        if let size { try require("size", size, in: BytePairVocabulary.fixedTokens...16_777_216) }
        if let file, file.isEmpty { throw InvalidSetting("file", "must be the path of a file, is empty") }
    }

    /// The largest number of tokens.
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
