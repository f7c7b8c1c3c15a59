import Torch
import Views

@testable import Contrast

/// Another method, which fails at every batch that has one of some images.
struct Faulty: Contrast.Method {
    static let name = "faulty"

    /// How a step fails.
    enum Fault: String, Codable, CaseIterable {
        case lossIsNaN, lossIsInfinite, gradientIsNaN, memory
    }

    var inner = Selected<MethodFamily>(SimCLR())
    var fault = Fault.lossIsNaN
    /// Places in the source.
    var images: [Int] = []
    /// The share of the run before which it does not fail.
    var from = 0.0
    /// The share of the run after which it fails no more.
    var until = 1.0

    func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        FaultyModel(try inner.component.build(encoder: encoder, data: data, generator: generator), self)
    }
}

private final class FaultyModel: ContrastiveModel {
    let inner: any ContrastiveModel
    private let settings: Faulty
    var projector: Projector { inner.projector }

    init(_ inner: any ContrastiveModel, _ settings: Faulty) {
        self.inner = inner
        self.settings = settings
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        var objective = try inner.objective(batch)
        guard batch.progress >= settings.from, batch.progress < settings.until,
            batch.samples?.contains(where: settings.images.contains) ?? true
        else {
            return objective
        }
        switch settings.fault {
        case .lossIsNaN: objective.loss = try objective.loss * Double.nan
        case .lossIsInfinite: objective.loss = try objective.loss + Double.infinity
        // A root at 0 is 0 and has no slope.
        case .gradientIsNaN: objective.loss = try objective.loss + (objective.loss * 0).sqrt()
        case .memory: _ = try Tensor.zeros([1 << 46])
        }
        return objective
    }
}
