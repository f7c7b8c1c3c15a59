import Files
import Foundation
import Text
import Views

/// What happens to an image without a caption.
public enum MissingCaptions: String, Codable, Sendable, CaseIterable {
    /// The run does not begin.
    case fail
    /// It is skipped.
    case leaveOut = "leave_out"
}

extension CLIP {
    /// The captions of a source; nil for those that are missing or cannot be read.
    func captions(of source: any Source) -> [String?] {
        (0..<source.count).map { index in
            ((try? source.caption(index)) ?? nil).flatMap { captions.part(of: $0) }
        }
    }

    /// Reads the captions, and reads or learns the vocabulary, which the run folder then holds.
    public func captioned(
        _ source: any Source, folder: RunFolder, resumes: Bool
    ) throws -> CaptionedImages {
        let texts = captions(of: source)
        let present = texts.indices.filter { texts[$0] != nil }
        var notes: [String] = []
        if present.count < texts.count, let first = texts.firstIndex(where: { $0 == nil }) {
            let problem =
                "\(texts.count - present.count) of \(texts.count) images have no caption, such as \(source.name(first))"
            guard missing == .leaveOut else {
                throw InvalidSetting(
                    "missing",
                    "\(problem); a caption is NAME.txt beside the image, a row of a captions file, or a .txt member of "
                        + "a shard; set this to leave_out to train on the others")
            }
            notes.append("\(problem); they are skipped")
        }
        guard present.count >= 2 else {
            throw InvalidSetting("missing", "at least two images must have captions, but there are \(present.count)")
        }
        let vocabulary = try vocabulary(texts.lazy.compactMap { $0 }, folder: folder, resumes: resumes)
        let tokenizer = BytePairTokenizer(vocabulary)
        var tokens = CaptionTokens()
        var memory: [ArraySlice<UInt8>: [Int32]] = [:]
        for index in present {
            let row = tokenizer.encode(texts[index] ?? "", memory: &memory)
            guard truncate || row.count + 2 <= text.context else {
                throw InvalidSetting(
                    "text.context",
                    "must be at least \(row.count + 2) for the caption of \(source.name(index)), is \(text.context); "
                        + "set truncate to cut captions")
            }
            tokens.add(row, tokenizer: tokenizer, context: text.context)
        }
        if tokens.truncated > 0 { notes.append("\(tokens.truncated) captions were cut at \(text.context) tokens") }
        notes.append("\(present.count) captions, \(vocabulary.size) tokens")
        return CaptionedImages(
            images: present.count == source.count ? source : Subset(source, indices: present), tokens: tokens,
            notes: notes)
    }

    /// The run's vocabulary; a resumed run keeps its own.
    private func vocabulary(
        _ captions: some Sequence<String>, folder: RunFolder, resumes: Bool
    ) throws -> BytePairVocabulary {
        if resumes { return try CLIP.vocabulary(in: folder, size: vocabulary.tokens) }
        let made: BytePairVocabulary
        do throws(InvalidSetting) {
            made = try vocabulary.make(captions: captions)
        } catch {
            throw error.inside("vocabulary")
        }
        if folder.isWritten { try AtomicFile.write(made.text, to: folder.vocabulary) }
        return made
    }

    /// The vocabulary of a finished run.
    /// - Throws: `TrainingError` if it is missing or cannot be read.
    static func vocabulary(in folder: RunFolder, size: Int) throws(TrainingError) -> BytePairVocabulary {
        do throws(DataError) {
            return try BytePairVocabulary(contentsOf: folder.vocabulary, size: size)
        } catch {
            throw TrainingError(.unusable, "\(error); the run's tokens are unknown without it")
        }
    }
}
