import Files
import Foundation
import Text
import Torch
import Views

/// Both towers of a run by `clip` and its vocabulary: embeds images and texts in one space.
public struct CLIPRun {
    /// The image encoder and the run's configuration.
    public let file: EncoderFile
    /// The settings of the method.
    public let settings: CLIP
    private let model: CLIPModel
    private let tokenizer: BytePairTokenizer
    private let machine: Machine

    /// Embeddings of images.
    public struct Images {
        /// `[N, D]`, float32, in main memory, rows on the unit sphere.
        public var embeddings: Tensor
        /// The N images' indices in the source.
        public var samples: [Int]
        /// N classes, -1 for none.
        public var labels: [Int]
        /// The images that were skipped.
        public var skipped: [QuarantineRecord]
    }

    /// Embeddings of texts.
    public struct Texts {
        /// `[N, D]`, float32, in main memory, rows on the unit sphere.
        public var embeddings: Tensor
        /// The number of texts that were longer than the context and were cut.
        public var truncated: Int
    }

    /// Opens a run folder.
    /// - Throws: `TrainingError` if it is not a run by `clip`, `SafetensorsError`, `ConfigurationError`, `TorchError`.
    public init(_ path: String, machine: Machine) throws {
        file = try EncoderFile(path)
        guard let settings = file.experiment.method.component as? CLIP else {
            throw TrainingError(
                .unusable,
                "\(path): was trained by \(file.experiment.method.name), which has no text encoder; train with clip")
        }
        let folder = file.folder ?? RunFolder(path)
        let model = try CLIPModel(settings, encoder: file.experiment.encoder.component, generator: Generator(seed: 0))
        try file.load(model) { folder in
            guard StoredFile.exists(folder.text) else {
                throw TrainingError(.unusable, "\(path): must be the folder of a run, with text.safetensors in it")
            }
            for (weights, module) in [(folder.head, model.head as any Module), (folder.text, model.text)] {
                do {
                    try module.load(stateDict: Safetensors(contentsOf: weights).tensors)
                } catch let error as StateError {
                    throw TrainingError(.unusable, "\(weights): does not fit the run's configuration: \(error)")
                }
            }
        }
        let vocabulary = try CLIP.vocabulary(in: folder, size: settings.vocabulary.tokens)
        tokenizer = BytePairTokenizer(vocabulary)
        try machine.prepare(file.encoder)
        try machine.prepare(model)
        self.settings = settings
        self.model = model
        self.machine = machine
    }

    /// The embeddings of every readable image.
    /// - Parameters:
    ///   - source: the images.
    ///   - maximumBad: the share of skipped images, 0...1, above which it throws.
    ///   - progress: called with the number of images done.
    public func images(
        of source: any Source, maximumBad: Double = 0.01, progress: (Int) -> Void = { _ in }
    ) throws -> Images {
        let pipeline = try ViewPipeline(file.experiment.views)
        let features = try FeatureExtractor(pipeline: pipeline, machine: machine, maximumBad: maximumBad)
            .features(of: source, by: [file.encoder], on: machine.device, progress: progress)
        let rows = try withoutGradients {
            try model.head(features.rows[0], training: false).normalizedRows().to(device: .cpu)
        }
        // 0 times an infinity or NaN is NaN.
        guard try (rows * 0).sum().item() == 0 else {
            throw TrainingError(
                .failed, "\(file.path): its embeddings are not finite; the training has diverged")
        }
        return Images(
            embeddings: rows, samples: features.samples, labels: features.labels, skipped: features.skipped)
    }

    /// The embeddings of texts; those longer than the context are cut.
    public func texts(_ texts: [String]) throws(TorchError) -> Texts {
        let tokens = tokens(texts)
        var parts: [Tensor] = []
        for start in stride(from: 0, to: texts.count, by: 256) {
            let rows = Array(start..<min(start + 256, texts.count))
            parts.append(
                try withoutGradients { () throws(TorchError) in
                    try model.text(tokens.tensor(rows).to(device: machine.device)).to(.float32).normalizedRows()
                        .to(device: .cpu)
                })
        }
        return Texts(embeddings: try Tensor.cat(parts, dim: 0), truncated: tokens.truncated)
    }

    /// The tokens of texts.
    func tokens(_ texts: [String]) -> CaptionTokens {
        CaptionTokens(texts, tokenizer: tokenizer, context: settings.text.context)
    }
}
