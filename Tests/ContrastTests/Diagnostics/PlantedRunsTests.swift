import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// SimSiam whose second view gets a gradient. It has the name of SimSiam, as its run is judged as one.
private struct UnstoppedSimSiam: Method {
    static let name = SimSiam.name

    var head = Selected<HeadFamily>(IdentityHead())
    var predictor = Selected<HeadFamily>(IdentityHead())

    func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        let projector = try Projector(encoder: encoder, head: head.component, generator: generator)
        return UnstoppedSimSiamModel(
            projector, try predictor.component.build(inputs: projector.dimension, generator: generator))
    }
}

private final class UnstoppedSimSiamModel: ContrastiveModel {
    let projector: Projector
    let predictor: any Head

    init(_ projector: Projector, _ predictor: any Head) { (self.projector, self.predictor) = (projector, predictor) }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        let views = try batch.embed(by: projector, viewByView: true)
        var predictions: [Tensor] = []
        for view in views { predictions.append(try batch.apply(predictor, to: view)) }
        return try NegativeCosine().mean(over: ViewPairs(queries: predictions, keys: views), labels: nil)
            .objective(candidates: nil, embeddings: (views[0].detach(), views[1].detach()))
    }
}

/// Small real runs of methods without negatives, whole and with what prevents collapse taken away.
@Suite("Diagnosis of methods without negatives")
struct PlantedRunsTests {
    private let machine = Machine(device: .cpu, threads: 1)

    private func images(in place: TemporaryFolder) throws -> ImageFolder {
        let folder = "\(place.path)/images"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for number in 0..<96 {
            let png = try Drawing(number, seed: 41).png(width: 36, height: 36)
            try png.write(to: URL(fileURLWithPath: "\(folder)/\(number + 1000).png"))
        }
        return try ImageFolder(folder)
    }

    private func experiment(_ method: String, rate: Double = 0.1) throws -> Experiment {
        let text = """
            views:
              branches:
                - count: 2
                  size: 32
                  steps:
                    - resized_crop: {scale: [0.3, 1.0]}
                    - horizontal_flip
              evaluation: [resize, center_crop]
            encoder: {convnet: {width: 8}}
            method: {\(method)}
            training: {epochs: 24, batch_size: 32, seed: 3, optimizer: {sgd: {lr: \(rate)}}, log_every: 100}
            """
        return try ConfigurationReader(file: "test", text: text).read(Experiment.self)
    }

    private func diagnosis(
        _ experiment: Experiment, of images: ImageFolder, in place: TemporaryFolder, observer: any TrainingObserver
    ) throws -> Diagnosis {
        let folder = RunFolder("\(place.path)/run")
        let trainer = try Trainer(experiment, images: images, folder: folder, machine: machine, observer: observer)
        #expect(try trainer.run() == .finished)
        return try Diagnosis(RunEmbeddings(run: folder.path, images: images, machine: machine, options: .init()))
    }

    /// A method with what prevents its collapse, and without.
    struct Plant: Sendable, CustomTestStringConvertible {
        let healthy: String
        let planted: String
        var stops = true
        var rate = 0.1
        /// The code that must come first, and what its text must say.
        let code: String
        let words: String
        let remedy: String

        var testDescription: String { planted }
    }

    static let plants = [
        Plant(
            healthy: "byol: {HEAD, predictor: {mlp: {hidden: 64, output: 32}}, momentum: {from: 0.99, to: 1}}",
            planted: "byol: {HEAD, predictor: none, momentum: 0}", code: "low_variance",
            words: "Without a predictor", remedy: "byol: {predictor:"),
        Plant(
            healthy: "simsiam: {head: {mlp: {hidden: 64, output: 32, output_norm: true}}, PREDICTOR}",
            planted: "simsiam: {head: {mlp: {hidden: 64, output: 32, output_norm: true}}, PREDICTOR}", stops: false,
            code: "dimensional_collapse", words: "The stopped gradient", remedy: "stop the gradient"),
        Plant(
            healthy: "vicreg: {HEAD}", planted: "vicreg: {HEAD, variance: 0}", rate: 0.03, code: "low_variance",
            words: "variance is 0", remedy: "vicreg: {variance: 25"),
        Plant(
            healthy: "barlow_twins: {HEAD, scale: 0.1, lambda: 0.02}",
            planted: "barlow_twins: {HEAD, scale: 0.1, lambda: 0}", code: "redundant_dimensions",
            words: "lambda is 0", remedy: "barlow_twins: {lambda: 0.005"),
        Plant(
            healthy: "swav: {NARROW, prototypes: 32}", planted: "swav: {NARROW, prototypes: 32, rounds: 0}", rate: 0.3,
            code: "unused_prototypes", words: "without Sinkhorn's algorithm", remedy: "swav: {rounds: 3"),
        Plant(
            healthy: "dino: {NORMED, prototypes: 64, momentum: 0.99}",
            planted: "dino: {NARROW, prototypes: 64, momentum: 0.99, center_momentum: 1}",
            code: "unused_prototypes", words: "center_momentum is 1", remedy: "dino: {center_momentum: 0.9"),
        Plant(
            healthy: "dino: {NORMED, prototypes: 64, momentum: 0.99}",
            planted: "dino: {NORMED, prototypes: 64, momentum: 0.99, teacher_temperature: 2}",
            code: "uniform_targets", words: "too high for the range", remedy: "teacher_temperature"),
    ]

    /// Codes of collapse.
    static let collapses: Set = [
        "unused_prototypes", "uniform_targets", "low_variance", "complete_collapse", "redundant_dimensions",
        "dimensional_collapse", "unaligned_views",
    ]

    private func settings(_ method: String) -> String {
        method.replacingOccurrences(of: "HEAD", with: "head: {mlp: {hidden: 64, output: 32}}")
            .replacingOccurrences(of: "NORMED", with: "head: {mlp: {hidden: 64, output: 16, output_norm: true}}")
            .replacingOccurrences(of: "NARROW", with: "head: {mlp: {hidden: 64, output: 16}}")
            .replacingOccurrences(of: "PREDICTOR", with: "predictor: {mlp: {hidden: 16, output: 32}}")
    }

    @Test(arguments: PlantedRunsTests.plants) func aPlantedCollapseIsNamedFirst(plant: Plant) throws {
        let place = try TemporaryFolder()
        var run = try experiment(settings(plant.planted), rate: plant.rate)
        if !plant.stops, let whole = run.method.component as? SimSiam {
            var open = UnstoppedSimSiam()
            (open.head, open.predictor) = (whole.head, whole.predictor)
            run.method = Selected(open)
        }
        let found = try diagnosis(run, of: images(in: place), in: place, observer: Silent())
        let first = try #require(found.findings.first)
        #expect(first.code == plant.code, "\(found.lines.joined(separator: "\n"))")
        #expect(first.evidence.contains(plant.words), "\(first.evidence)")
        #expect(first.remedy.contains { $0.contains(plant.remedy) }, "\(first.remedy)")
        #expect(found.undecided.contains { $0.hasPrefix("bounds and negatives are not judged") })
        // What judges negatives says nothing.
        #expect(!found.findings.contains { ["chance", "false_negatives", "saturated_bound"].contains($0.code) })
    }

    // The last two are whole in the same way.
    @Test(arguments: PlantedRunsTests.plants.dropLast()) func aHealthyRunHasNoCollapse(plant: Plant) throws {
        let place = try TemporaryFolder()
        let run = try experiment(settings(plant.healthy), rate: plant.rate)
        let found = try diagnosis(run, of: images(in: place), in: place, observer: Silent())
        #expect(
            found.findings.allSatisfy { !PlantedRunsTests.collapses.contains($0.code) },
            "\(found.lines.joined(separator: "\n"))")
        let hasPrototypes = found.measurements.contains { $0.name == "prototypes_in_use" }
        #expect(hasPrototypes == plant.healthy.contains("prototypes"))
    }
}
