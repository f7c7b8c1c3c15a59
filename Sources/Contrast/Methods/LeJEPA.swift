import Foundation
import Torch
import Views

/// LeJEPA: Balestriero & LeCun 2025, arXiv 2511.08544. Views predict the mean of an image's full-size views, and
/// embeddings are drawn to an isotropic Gaussian. There are no negatives, no momentum copy and no predictor.
///
/// `(1 - lambda) mean_v |z_v - m|^2 / d + lambda mean_v SIGReg(z_v)`, where m is the mean of the views of the first
/// branch, or of the first two views if it has one. SIGReg is the mean over random unit directions a of the
/// Epps-Pulley statistic `N integral |phi(t) - e^{-t^2/2}|^2 e^{-t^2/2} dt`, where `phi(t) = mean_n e^{i t <a, z_n>}`,
/// by the trapezoid rule over 17 points in -5...5 (the paper's). Each step draws new directions.
public struct LeJEPA: Method {
    /// `lejepa`.
    public static let name = "lejepa"

    /// The head that follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead(layers: 3, hidden: 2048, output: 64))
    /// lambda, the weight of SIGReg, 0...1.
    public var lambda = 0.05
    /// The number of random directions.
    public var directions = 256

    /// The points of the integral.
    static let points = (-8...8).map { Double($0) * 5 / 8 }

    /// The paper's settings.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("lambda", lambda, in: 0...1)
        try require("directions", directions, in: 1...1_000_000)
    }

    /// SIGReg.
    public var prevention: CollapsePrevention? {
        CollapsePrevention(
            method: LeJEPA.name, cause: "SIGReg with lambda \(lambda) has not spread embeddings over the space.",
            remedy: ["method: {lejepa: {lambda: \(lambda < 0.05 ? 0.05 : min(lambda * 2, 0.9))}}"],
            paper: "Balestriero & LeCun 2025, arXiv 2511.08544")
    }

    /// Builds the projector.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        LeJEPAModel(
            self, try Projector(encoder: encoder, head: head.component, generator: generator),
            counter: try StepCounter(data), seed: data.seed)
    }

    /// The mean over directions `[S, D]` of the statistic of rows `[N, D]`.
    func statistic(_ rows: Tensor, along directions: Tensor) throws(TorchError) -> Tensor {
        let (count, points) = (rows.shape[0], LeJEPA.points)
        func axis(_ values: [Double]) throws(TorchError) -> Tensor {
            try Tensor(values, shape: [1, 1, values.count]).to(rows.dtype).to(device: rows.device)
        }
        let gauss = points.map { exp(-$0 * $0 / 2) }
        // The ends of the trapezoid rule count by half.
        let weights = points.indices.map { index in
            gauss[index] * 5 / 8 * (index == 0 || index == points.count - 1 ? 0.5 : 1)
        }
        let angles = try rows.matmul(directions.transpose(0, 1)).unsqueeze(2) * axis(points)
        let real = try angles.cos().mean(dim: 0, keepdim: true) - axis(gauss)
        let imaginary = try angles.sin().mean(dim: 0, keepdim: true)
        let statistics = try ((real.pow(2) + imaginary.pow(2)) * axis(weights)).sum(dim: 2)
        return try statistics.mean() * Double(count)
    }
}

/// A projector trained by LeJEPA.
final class LeJEPAModel: ContrastiveModel {
    let projector: Projector
    let counter: StepCounter
    private let settings: LeJEPA
    private let seed: UInt64

    init(_ settings: LeJEPA, _ projector: Projector, counter: StepCounter, seed: UInt64) {
        (self.settings, self.projector, self.counter, self.seed) = (settings, projector, counter, seed)
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        var stream = RandomStream(RandomKey(seed: seed, epoch: try counter.next(), purpose: .sketchDirections))
        let views = try batch.gather(batch.embed(by: projector)).map { (view) throws(TorchError) in
            try view.widened()
        }
        let directions = try Generator(seed: UInt64(stream.next()))
            .normal([settings.directions, projector.dimension], std: 1).normalizedRows()
            .to(device: views[0].device)
        let center = try Tensor.mean(of: Array(views.prefix(batch.targetViews)))
        var (distances, statistics) = ([Tensor](), [Tensor]())
        for view in views {
            distances.append(try (view - center).pow(2).mean())
            statistics.append(try settings.statistic(view, along: directions))
        }
        let loss =
            try Tensor.mean(of: distances) * (1 - settings.lambda) + Tensor.mean(of: statistics) * settings.lambda
        return Objective(
            loss: loss, candidates: nil, contrast: nil, embeddings: (try views[0].detach(), try views[1].detach()))
    }
}
