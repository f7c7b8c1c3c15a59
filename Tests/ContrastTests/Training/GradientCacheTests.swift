import Testing
import Torch
import Views

@testable import Contrast

/// One linear layer over all pixels: no batch norm, so that chunks change nothing but the order of sums.
private struct FlatNet: EncoderSettings {
    static let name = "flat"
    func build(generator: Generator) throws(TorchError) -> any Contrast.Encoder { try FlatEncoder(generator) }
}

private final class FlatEncoder: Contrast.Encoder {
    let dimension = 6
    let linear: Linear

    init(_ generator: Generator) throws(TorchError) { linear = try Linear(3 * 64, 6, generator: generator) }

    func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor {
        try linear(images.reshape([images.shape[0], 3 * 64]))
    }
}

@Suite("Gradients of batches in chunks")
struct GradientCacheTests {
    private func model(_ text: String, _ encoder: any EncoderSettings) throws -> any ContrastiveModel {
        let file = try ConfigurationReader(file: "test", text: "method: {\(text)}").read(Experiment.self)
        return try file.method.component.build(encoder: encoder, generator: Generator(seed: 4))
    }

    private func batch(_ views: [Int], pairs: Int, chunk: Int?) throws -> ContrastiveBatch {
        let branches = try views.enumerated().map { index, count in
            let shape = [count * pairs, 3, 8, 8]
            let values = Fixture.hashed(shape.reduce(1, *), stream: UInt64(index + 1))
            return ViewTensor(images: try Tensor(values, shape: shape).to(.float32), count: count)
        }
        return ContrastiveBatch(branches: branches, cache: chunk.map { GradientCache(chunk: $0) })
    }

    /// The loss, the gradients and the state after a step.
    private func step(
        _ model: any ContrastiveModel, _ batch: ContrastiveBatch
    ) throws -> (loss: Double, gradients: [String: [Double]], state: [String: [Float]]) {
        let objective = try model.objective(batch)
        try objective.loss.backward()
        try batch.cache?.backward()
        var gradients: [String: [Double]] = [:]
        for (key, parameter) in model.namedParameters {
            gradients[key] = try #require(try parameter.value.grad(), "\(key)").toArray()
        }
        return (try objective.loss.item(), gradients, try model.stateDict.mapValues { try $0.toArray() })
    }

    private func expectEqual(_ found: [String: [Double]], _ wanted: [String: [Double]], _ note: Comment) {
        let largest = wanted.values.joined().reduce(0) { max($0, abs($1)) }
        #expect(largest > 0, note)
        for (key, values) in wanted {
            let worst = zip(found[key] ?? [], values).map { abs($0 - $1) }.max() ?? .nan
            #expect(worst <= 1e-5 * largest, "\(key) of \(note)")
        }
    }

    @Test(
        "Without batch norm it is the whole batch's",
        arguments: [
            "simclr: {head: none}", "simclr: {head: none, loss: {info_nce: {critic: bilinear}}}",
            "simclr: {head: none, loss: debiased}", "moco: {head: none, queue: 40, norm_groups: 1}",
            "moco: {head: none, queue: 40, norm_groups: 2, symmetric: true}",
            "moco_v3: {head: none, predictor: {mlp: {hidden: 8, output: 6, batch_norm: false}}}",
            "byol: {head: none, predictor: {mlp: {hidden: 8, output: 6, batch_norm: false}}}",
            "simsiam: {head: none, predictor: {mlp: {hidden: 8, output: 6, batch_norm: false}}}",
            "barlow_twins: {head: none}", "vicreg: {head: none}", "lejepa: {head: none}", "emp_ssl: {head: none}",
            "nnclr: {head: none, predictor: {mlp: {hidden: 8, output: 6, batch_norm: false}}, queue: 40}",
            "swav: {head: none, prototypes: 5, frozen_epochs: 0}",
            "dino: {head: none, prototypes: 5, frozen_epochs: 0}",
        ], [2, 3, 5, 64])
    func withoutBatchNorm(method: String, chunk: Int) throws {
        for views in [[2], [2, 1]] {
            let wanted = try step(model(method, FlatNet()), batch(views, pairs: 11, chunk: nil))
            let found = try step(model(method, FlatNet()), batch(views, pairs: 11, chunk: chunk))
            #expect(abs(found.loss - wanted.loss) <= 1e-6 * max(1, abs(wanted.loss)))
            expectEqual(found.gradients, wanted.gradients, "\(method), chunk \(chunk)")
        }
    }

    @Test("The ViT has no batch norm either", arguments: [3, 5]) func vit(chunk: Int) throws {
        let method = "simclr: {head: {mlp: {output: 6, batch_norm: false}}}"
        let network = try architecture("vit: {image_size: 8, patch: 4, width: 12, depth: 2, heads: 3}")
        let wanted = try step(model(method, network), batch([2], pairs: 7, chunk: nil))
        let found = try step(model(method, network), batch([2], pairs: 7, chunk: chunk))
        #expect(abs(found.loss - wanted.loss) <= 1e-6 * max(1, abs(wanted.loss)))
        expectEqual(found.gradients, wanted.gradients, "ViT, chunk \(chunk)")
    }

    @Test("Where chunks are the groups of batch norm nothing differs") func groups() throws {
        let method = "moco: {queue: 40, norm_groups: 3, head: {mlp: {output: 5}}}"
        let network = try architecture("convnet: {width: 2}")
        let wanted = try step(model(method, network), batch([2], pairs: 12, chunk: nil))
        let found = try step(model(method, network), batch([2], pairs: 12, chunk: 4))
        #expect(abs(found.loss - wanted.loss) < 1e-6)
        expectEqual(found.gradients, wanted.gradients, "groups")
        #expect(found.state == wanted.state)
    }

    @Test("Running statistics move once for a chunk") func statistics() throws {
        let network = try architecture("convnet: {width: 2}")
        let model = try model("simclr: {head: none}", network)
        let twin = try network.build(generator: Generator(seed: 4))
        let batch = try batch([2], pairs: 9, chunk: 6)
        for part in try batch.branches[0].images.chunk(3, dim: 0) { _ = try twin(part, training: true) }
        let found = try step(model, batch)
        #expect(found.state["encoder.norms.0.num_batches_tracked"] == [3])
        for (key, value) in twin.stateDict where key.contains("running") {
            let values: [Float] = try value.toArray()
            #expect(found.state["encoder.\(key)"] == values, "\(key)")
        }
    }

    @Test("The trainer's steps are the same with a chunk as large as the batch") func trainer() throws {
        let home = try TemporaryFolder()
        let images = try makeImages(["a", "b"], each: 12, in: home)
        var states: [[String: [Float]]] = []
        for (index, setting) in ["training.chunk=64", "training.chunk=4", "training.epochs=2"].enumerated() {
            let folder = RunFolder("\(home.path)/runs/\(index)")
            let observer = Silent()
            let trainer = try Trainer(
                tinyExperiment(setting), images: images, folder: folder,
                machine: Machine(device: .cpu, threads: 1, loaderThreads: 1), observer: observer)
            #expect(try trainer.run() == .finished)
            states.append(try Safetensors(contentsOf: folder.checkpoint).tensors.mapValues { try $0.toArray() })
        }
        for (key, values) in states[2] {
            let worst = zip(states[0][key] ?? [], values).map { abs($0 - $1) }.max() ?? .nan
            #expect(worst < 1e-4, "\(key)")
        }
        #expect(states[1].values.joined().allSatisfy { $0.isFinite })
    }

    @Test func aChunkOfOneImageIsAnError() {
        let error = #expect(throws: ConfigurationError.self) { try tinyExperiment("training.chunk=1") }
        #expect(error?.path == "training.chunk")
    }
}
