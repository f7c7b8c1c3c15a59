import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("CLIP")
struct CLIPTests {
    private let home: TemporaryFolder

    init() throws { home = try TemporaryFolder() }

    private func model() throws -> any ContrastiveModel {
        let experiment = try tinyCLIP()
        return try experiment.method.component.build(
            encoder: experiment.encoder.component, generator: Generator(seed: 4))
    }

    private func images(_ count: Int, stream: UInt64) throws -> Tensor {
        try Tensor(Fixture.hashed(count * 3 * 64, stream: stream), shape: [count, 3, 8, 8]).to(.float32)
    }

    private func tokens() throws -> Tensor {
        try Tensor([Int64(5), 9, 558, 0, 5, 558, 0, 0, 5, 7, 8, 558], shape: [3, 4])
    }

    @Test func theLossIsThatOfImagesAndCaptions() throws {
        let model = try #require(try model() as? CLIPModel)
        let views = try images(6, stream: 1)
        let objective = try model.objective(
            ContrastiveBatch(branches: [ViewTensor(images: views, count: 2)], tokens: tokens()))
        let twin = try #require(try self.model() as? CLIPModel)
        let texts = try twin.text(tokens())
        let rows = try twin.head(twin.encoder(views, training: true), training: true).chunk(2, dim: 0)
        let losses = try rows.map { row in
            let scores = try row.normalizedRows().matmul(texts.normalizedRows().transpose(0, 1)) / 0.07
            let diagonal = try scores.gather(dim: 1, index: Tensor.arange(3).reshape([3, 1])).mean()
            return try (scores.logsumexp(dim: 1).mean() + scores.logsumexp(dim: 0).mean()).item() / 2 - diagonal.item()
        }
        #expect(try abs(objective.loss.item() - (losses[0] + losses[1]) / 2) < 1e-5)
        #expect(objective.candidates == 3)
        #expect(objective.embeddings.first.shape == [3, 6] && objective.embeddings.second.shape == [3, 6])
        try objective.loss.backward()
        for (key, parameter) in model.namedParameters { #expect(try parameter.value.grad() != nil, "\(key)") }
        #expect(model.namedParameters.contains { $0.key == "loss.logit_scale" })
        #expect(throws: TorchError.self) { try model.objective([ViewTensor(images: views, count: 2)]) }
    }

    @Test(
        "Invalid settings are named",
        arguments: [
            ("text: {context: 2}", "text.context"), ("text: {width: 10, heads: 4}", "text.heads"),
            ("vocabulary: {size: 513}", "vocabulary.size"), ("vocabulary: {file: ''}", "vocabulary.file"),
            ("loss: {temperature: 0}", "loss.temperature"), ("dimension: 0", "dimension"), ("missing: skip", "missing"),
            ("captions: second", "captions"), ("text: {mlp_ratio: 0}", "text.mlp_ratio"),
        ])
    func nonsense(settings: String, key: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationReader(file: "test", text: "method: {clip: {\(settings)}}").read(Experiment.self)
        }
        #expect(error?.path == "method.clip.\(key)")
    }

    @Test("A run resumes bit for bit, its vocabulary included", arguments: 1...6) func resumes(step: Int) throws {
        let images = try makeCaptionedImages(["blue", "green", "red"], each: 8, in: home)
        func run(_ name: String, resume: Bool = false, stopAfter: Int = .max) throws -> RunFolder {
            let folder = RunFolder("\(home.path)/runs/\(name)")
            var steps = 0
            var options = Trainer.Options()
            options.resumes = resume
            let trainer = try Trainer(
                tinyCLIP(), images: images, folder: folder, machine: Machine(device: .cpu, threads: 1),
                options: options, observer: Silent())
            _ = try trainer.run {
                steps += 1
                return steps >= stopAfter
            }
            return folder
        }
        let whole = try run("whole")
        let stopped = try run("stopped", stopAfter: step)
        _ = try run("stopped", resume: true)
        func state(_ folder: RunFolder) throws -> [String: [Float]] {
            try Safetensors(contentsOf: folder.checkpoint).tensors.mapValues { try $0.toArray() }
        }
        #expect(try state(stopped) == state(whole))
        #expect(try EncoderFile.hash(stopped.text) == EncoderFile.hash(whole.text))
        #expect(try EncoderFile.hash(stopped.head) == EncoderFile.hash(whole.head))
        #expect(try EncoderFile.hash(stopped.vocabulary) == EncoderFile.hash(whole.vocabulary))
        #expect(try state(whole)["model.text.token_embedding.weight"]?.count == 560 * 8)
        #expect(try state(whole)["model.loss.logit_scale"]?.first != Float(log(1 / 0.07)))
    }

    @Test func aResumedRunNeedsItsVocabulary() throws {
        let images = try makeCaptionedImages(["blue", "red"], each: 8, in: home)
        let folder = RunFolder(try trainedCLIP(tinyCLIP(), on: images, in: home))
        try FileManager.default.removeItem(atPath: folder.vocabulary)
        var options = Trainer.Options()
        options.resumes = true
        let error = #expect(throws: TrainingError.self) {
            try Trainer(
                tinyCLIP(), images: images, folder: folder, machine: Machine(device: .cpu, threads: 1),
                options: options, observer: Silent())
        }
        #expect(error?.kind == .unusable && error?.reason.contains("vocabulary.txt") == true)
    }

    private func refusal(_ experiment: Experiment, _ images: any Source) -> TrainingError? {
        #expect(throws: TrainingError.self) {
            try Trainer(
                experiment, images: images, folder: RunFolder("\(home.path)/runs/x"),
                machine: Machine(device: .cpu, threads: 1), observer: Silent())
        }
    }

    @Test func captionsThatAreMissingOrDoNotFitAreNamed() throws {
        let images = try makeCaptionedImages(["blue", "red"], each: 8, in: home)
        #expect(
            refusal(try tinyCLIP("method.clip.vocabulary.file=/none.txt"), images)?.reason
                == "method.clip.vocabulary.file: /none.txt: cannot be read: No such file or directory")
        // With 514 tokens nothing is merged: "a red one ." has nine bytes.
        let long = refusal(try tinyCLIP("method.clip.vocabulary.size=514"), images)
        #expect(
            long?.reason.hasPrefix("method.clip.text.context: must be at least 11") == true, "\(long?.reason ?? "")")
        #expect(long?.kind == .unusable)
        try FileManager.default.removeItem(atPath: "\(home.path)/images/red/12.txt")
        let missing = refusal(try tinyCLIP(), images)
        #expect(missing?.kind == .unusable)
        #expect(
            missing?.reason.hasPrefix("method.clip.missing: 1 of 16 images have no caption, such as red/12.png") == true
        )
        let none = refusal(try tinyCLIP("method.clip.missing=leave_out"), Subset(images, indices: [10]))
        #expect(none?.reason.hasPrefix("method.clip.missing: at least two images") == true)
    }

    @Test func imagesWithoutCaptionsCanBeLeftOutAndLongOnesCut() throws {
        let images = try makeCaptionedImages(["blue", "red"], each: 8, in: home)
        try FileManager.default.removeItem(atPath: "\(home.path)/images/red/12.txt")
        let path = try trainedCLIP(
            tinyCLIP(
                "method.clip.missing=leave_out", "method.clip.truncate=true", "method.clip.vocabulary.size=514",
                "training.batch_size=5", "training.epochs=1"), on: images, in: home)
        // 15 images with captions in batches of 5.
        let lines = try String(contentsOfFile: RunFolder(path).metrics, encoding: .utf8).split(separator: "\n")
        #expect(lines.count { $0.contains("\"step\"") && !$0.contains("uniformity") } == 3)
    }

    @Test func oneViewIsEnoughForItAndNotForOthers() throws {
        let images = try makeCaptionedImages(["blue", "red"], each: 8, in: home)
        let error = refusal(try tinyCLIP("method=simclr"), images)
        #expect(error?.reason.hasPrefix("views.branches: ") == true)
        let path = try trainedCLIP(tinyCLIP("training.epochs=1"), on: images, in: home)
        let diagnosed = #expect(throws: TrainingError.self) {
            try RunEmbeddings(
                run: path, images: images, machine: Machine(device: .cpu, threads: 1), options: .init())
        }
        #expect(diagnosed?.reason.hasPrefix("views.branches: ") == true)
    }

    @Test func aVocabularyFileIsTaken() throws {
        let images = try makeCaptionedImages(["blue", "red"], each: 8, in: home)
        let file = "\(home.path)/v.txt"
        try Data("#version: 0.2\nr e\nre d</w>\no n\non e</w>\nb l\nu e</w>\nbl ue</w>\n".utf8)
            .write(to: URL(fileURLWithPath: file))
        let path = try trainedCLIP(
            tinyCLIP("method.clip.vocabulary={file: \(file), size: 518}", "method.clip.text.context=9"), on: images,
            in: home)
        // The first four merges, which the run keeps.
        #expect(
            try String(contentsOfFile: RunFolder(path).vocabulary, encoding: .utf8)
                == "#version: 0.2\nr e\nre d</w>\no n\non e</w>\n")
    }
}
