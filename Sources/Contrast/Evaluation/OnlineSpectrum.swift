import Foundation
import Torch
import Views

/// Scores without labels during training, of the features of at most `evaluation.knn_images` training images.
struct OnlineSpectrum {
    private let images: Subset
    private let extractor: FeatureExtractor
    private let every: Int
    private let epochs: Int

    /// Prepares the scores; nil if `training.best` does not ask for them.
    init?(_ experiment: Experiment, images: any Source, extractor: FeatureExtractor) {
        let evaluation = experiment.evaluation
        guard experiment.training.best.isLabelFree, evaluation.knnEvery > 0 else { return nil }
        let step = max(1, (images.count + evaluation.knnImages - 1) / evaluation.knnImages)
        self.images = Subset(images, indices: Array(stride(from: 0, to: images.count, by: step)))
        self.extractor = extractor
        every = evaluation.knnEvery
        epochs = experiment.training.epochs
    }

    /// Adds the scores after an epoch that is scored.
    /// - Throws: `EvaluationStopped` if `stop` returned true; `LoaderError`, `TorchError`.
    func add(
        to scores: inout OnlineScores, of encoder: any Encoder, after epoch: Int, stop: () -> Bool
    ) throws {
        guard epoch % every == 0 || epoch == epochs else { return }
        let features = try extractor.features(of: images, by: [encoder], on: extractor.device, stop: stop)
        let rows = try features.rows[0].to(device: .cpu).to(.float64)
        scores.rankMe = try EmbeddingGeometry.rankMe(rows)
        scores.alphaReQ = try EmbeddingGeometry.alphaReQ(rows)
    }
}
