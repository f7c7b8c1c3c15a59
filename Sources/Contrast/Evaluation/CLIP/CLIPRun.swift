import Files
import Foundation
import Text
import Torch
import Views

/// Both towers of a run by `clip`, with the tokens of its captions: images and texts to embeddings that can be compared.
public struct CLIPRun {
    /// The image tower's network and the run's configuration.
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
        /// N positions in the source.
        public var samples: [Int]
        /// N classes; -1 where unlabelled.
        public var labels: [Int]
        /// Images that could not be used.
        public var skipped: [QuarantineRecord]
    }

    /// Embeddings of texts.
    public struct Texts {
        /// `[N, D]`, float32, in main memory, rows on the unit sphere.
        public var embeddings: Tensor
        /// Texts that were longer than the context, and were cut.
        public var truncated: Int
    }

    /// Opens a run folder.
    /// - Throws: `TrainingError` where it is no run by `clip`, `SafetensorsError`, `ConfigurationError`, `TorchError`.
    public init(_ path: String, machine: Machine) throws {
        file = try EncoderFile(path)
        guard let settings = file.experiment.method.component as? CLIP else {
            throw TrainingError(
                .unusable, "\(path): was trained by \(file.experiment.method.name), which knows no texts; clip does")
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

    /// The embeddings of every usable image.
    /// - Parameters:
    ///   - source: the images.
    ///   - maximumBad: the share of unusable images, 0...1, above which it stops.
    ///   - progress: told the images done so far.
    public func images(
        of source: any Source, maximumBad: Double = 0.01, progress: (Int) -> Void = { _ in }
    ) throws -> Images {
        let pipeline = try ViewPipeline(file.experiment.views)
        let features = try FeatureExtractor(pipeline: pipeline, machine: machine, maximumBad: maximumBad)
            .features(of: source, by: [file.encoder], on: machine.device, progress: progress)
        let rows = try withoutGradients {
            try model.head(features.rows[0], training: false).normalizedRows()
                .to(device: .cpu)
        }
        // 0 times what is no number is none either.
        guard try (rows * 0).sum().item() == 0 else {
            throw TrainingError(
                .failed, "\(file.path): gives embeddings that are infinite or no numbers; its training has diverged")
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
