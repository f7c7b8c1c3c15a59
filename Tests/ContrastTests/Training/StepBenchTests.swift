import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Measured steps")
struct StepBenchTests {
    @Test(arguments: ["", "training.chunk=4", "training.precision=bfloat16"])
    func everyStageIsMeasured(setting: String) throws {
        let home = try TemporaryFolder()
        let images = try makeImages(["red", "blue"], each: 9, in: home)
        let experiment = try setting.isEmpty ? tinyExperiment() : tinyExperiment(setting)
        var bench = StepBench()
        (bench.steps, bench.warmUp) = (2, 1)
        let report = try bench.run(experiment, images: images, machine: Machine(device: .cpu, threads: 1))
        #expect(report.pairs == 8 && report.views == 2 && report.device == "cpu")
        #expect(report.stages.map(\.name) == ["data", "forward", "loss", "backward", "update"])
        #expect(report.stages.allSatisfy { $0.milliseconds > 0 })
        #expect(report.pairsPerSecond > 0 && report.gflops > 0 && report.peakGflops > 0 && report.dataWait >= 0)
    }

    @Test(
        "Every method is measured",
        arguments: [
            "moco: {queue: 16, norm_groups: 2}", "moco_v3: {}", "instance_discrimination: {negatives: 4}",
            "supervised: {}",
            "clip: {dimension: 6, vocabulary: {size: 560}, text: {width: 8, depth: 1, heads: 2, context: 8}}",
        ])
    func everyMethod(method: String) throws {
        let home = try TemporaryFolder()
        let images = try makeCaptionedImages(["red", "blue"], each: 9, in: home)
        var bench = StepBench()
        (bench.steps, bench.warmUp) = (2, 0)
        let report = try bench.run(
            tinyExperiment("method={\(method)}"), images: images, machine: Machine(device: .cpu, threads: 1))
        #expect(report.stages.allSatisfy { $0.milliseconds > 0 } && report.ranks == 1)
    }

    @Test(
        "What cannot be trained cannot be measured",
        arguments: [
            ("views.branches=[{count: 1, size: 16}]", "views.branches"), ("method={clip: {}}", "method.clip"),
            ("encoder={vit: {patch: 7}}", "encoder.vit"),
        ])
    func whatDoesNotFitIsNamed(setting: String, place: String) throws {
        let images = try makeImages(["red", "blue"], each: 3, in: TemporaryFolder())
        let experiment = try tinyExperiment(setting)
        let error = #expect(throws: TrainingError.self) {
            try StepBench().run(experiment, images: images, machine: Machine(device: .cpu, threads: 1))
        }
        #expect(error?.description.contains(place) == true, "\(String(describing: error))")
    }
}

@Suite("Counted operations")
struct OperationsTests {
    @Test func convolutionsAndProductsCountTheirGradientsWhereTheyAreRecorded() throws {
        let generator = try Generator(seed: 1)
        let layer = try Conv2d(3, 4, kernel: 3, stride: 2, padding: 1, generator: generator)
        let linear = try Linear(4, 7, generator: generator)
        let images = try Tensor.ones([2, 3, 8, 8])
        func asked(_ body: () throws -> Void) rethrows -> Int {
            let before = Runtime.operations
            try body()
            return Runtime.operations - before
        }
        let convolution = 2 * 4 * 4 * 4 * 3 * 9
        #expect(try asked { _ = try layer(images) } == 6 * convolution)
        #expect(try asked { try withoutGradients { _ = try layer(images) } } == 2 * convolution)
        #expect(try asked { _ = try linear(Tensor.ones([5, 4])) } == 6 * 5 * 4 * 7)
        #expect(try asked { _ = try Tensor.ones([5, 4]).matmul(Tensor.ones([4, 3])) } == 6 * 5 * 4 * 3)
    }
}
