import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Fine-tuning", .serialized)
struct FinetuningTests {
    private let home: TemporaryFolder

    init() throws { home = try TemporaryFolder() }

    private func images() throws -> ImageFolder { try makeImages(["blue", "green", "red"], each: 12, in: home) }

    /// A contrastive run of one epoch to start from.
    private func start(_ images: any Source) throws -> String {
        let run = Run(home, "start")
        _ = try run.train(
            tinyExperiment("training.epochs=1", "views.normalize={mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2]}"), images
        )
        return run.folder.path
    }

    @Test func theViewsAreThoseOfTheStart() throws {
        let path = try start(images())
        var finetuning = Finetuning(from: path)
        finetuning.overrides = ["training.epochs=2", "views.mix={mixup: {alpha: 0.2}}", "method.supervised.labels=0.5"]
        let experiment = try finetuning.settings().experiment
        #expect(experiment.encoder.name == "convnet" && experiment.encoder.component.weights == path)
        #expect(experiment.views.normalize.mean == [0.4, 0.4, 0.4])
        #expect(experiment.views.branches.map(\.count) == [1] && experiment.views.mix?.mixup?.alpha == 0.2)
        #expect(try experiment.pipeline().branches[0].size == Size(square: 16))
        #expect(experiment.training.epochs == 2 && experiment.training.encoder?.lr == 0.1)
        #expect((experiment.method.component as? Supervised)?.labels == 0.5)
        finetuning.isFromScratch = true
        let scratch = try finetuning.settings().experiment
        #expect(scratch.encoder.name == "convnet" && scratch.encoder.component.weights == nil)
        #expect(scratch.training.encoder == nil)
    }

    @Test func freeWeightsAreRecognisedAndSettingsOfTheNetworkCanBeSet() throws {
        let network = try encoder("vit: {image_size: 32, patch: 8, width: 64, depth: 1, heads: 1}")
        let path = "\(home.path)/free.safetensors"
        try Safetensors(tensors: network.stateDict).write(to: path)
        var finetuning = Finetuning(from: path)
        finetuning.overrides = [
            "views.branches[0].size=32", "encoder.vit.image_size=32", "encoder.vit.drop_path=0.2",
        ]
        let settings = try finetuning.settings()
        #expect((settings.experiment.encoder.component as? ViT)?.dropPath == 0.2)
        #expect(settings.notes.contains { $0.contains("ImageNet's mean") })
        finetuning.encoder = "resnet18"
        finetuning.overrides = []
        #expect(try finetuning.settings().experiment.encoder.name == "resnet18")
    }

    @Test func whatCannotTrainAClassifierIsRefused() throws {
        func refusal(_ change: (inout Finetuning) throws -> Void) throws -> String? {
            var finetuning = Finetuning(from: nil)
            finetuning.isFromScratch = true
            try change(&finetuning)
            return #expect(throws: TrainingError.self) { try finetuning.settings() }?.reason
        }
        #expect(try refusal { _ in }?.contains("name the network by --encoder") == true)
        let contrastive = try refusal {
            $0.encoder = "convnet"
            $0.overrides = ["method=simclr"]
        }
        #expect(contrastive == "method: must be supervised to train a classifier, is simclr")
        #expect(try refusal { $0.start = "\(home.path)/absent" }?.contains("there is no such file") == true)
        let images = try images()
        func data(_ path: String) -> String? {
            #expect(throws: TrainingError.self) {
                try FinetuneImages(
                    path, side: nil, test: nil, experiment: tinyExperiment(), reading: SourceOptions())
            }?.reason
        }
        #expect(images.count == 36)
        let all = "\(home.path)/images"
        #expect(data("\(all)/blue")?.contains("needs two class folders at least, there are 0") == true)
        for name in ["green", "red"] {
            for index in 11..<22 { try FileManager.default.removeItem(atPath: "\(all)/\(name)/\(index).png") }
        }
        try FileManager.default.removeItem(atPath: "\(all)/blue")
        #expect(data(all)?.contains("has no test image that can be scored") == true)
    }

    @Test func fewLabelsHaveMoreEpochs() throws {
        let experiment = try Experiments.read(Finetuning.recipe)
        #expect(try Finetuning.lengthened(experiment, images: 3200).training.epochs == 30)
        let few = try Finetuning.lengthened(experiment, images: 30).training
        #expect(few.epochs == 300 && few.checkpointEpochs == 15)
        #expect((few.schedule.component as? CosineConfiguration)?.warmupEpochs == 30)
        // What is given stays.
        let given = try Finetuning.lengthened(
            experiment, images: 30,
            keeping: ["training.schedule.cosine.warmup_epochs=1", "training.checkpoint_epochs=2"]
        ).training
        #expect(given.epochs == 300 && given.checkpointEpochs == 2)
        #expect((given.schedule.component as? CosineConfiguration)?.warmupEpochs == 1)
    }

    /// Stopped inside of an epoch and resumed, mixed and with a share of the labels, it ends bit for bit as one that was not.
    @Test func aResumedRunEndsWithTheSameClassifier() throws {
        let images = try images()
        var finetuning = Finetuning(from: try start(images))
        finetuning.overrides = [
            "training.epochs=3", "training.batch_size=8", "method.supervised.labels=0.7",
            "views.mix={mixup: {alpha: 0.4}, cutmix: {alpha: 1.0}}", "training.schedule.cosine.warmup_epochs=1",
        ]
        let experiment = try finetuning.settings().experiment
        let (whole, parts) = (Run(home, "whole"), Run(home, "parts"))
        #expect(try whole.train(experiment, images) == .finished)
        #expect(try parts.train(experiment, images, stopAfter: 4) == .interrupted)
        #expect(try parts.train(experiment, images, resume: true) == .finished)
        #expect(try parts.hash == whole.hash)
        let hashes = try [whole, parts].map { try EncoderFile.hash($0.folder.classifier) }
        #expect(hashes[0] == hashes[1])
        #expect(try parts.state() == whole.state())
    }

    @Test func classesOfPlainColoursAreLearned() throws {
        let images = try images()
        var finetuning = Finetuning(from: nil)
        finetuning.isFromScratch = true
        finetuning.encoder = "{convnet: {width: 4}}"
        finetuning.overrides = [
            "views.branches[0].size=16", "views.evaluation=[resize, center_crop]", "training.epochs=8",
            "training.optimizer.adamw.lr=0.01", "training.batch_size=8",
        ]
        let experiment = try finetuning.settings().experiment
        let opened = try FinetuneImages(
            "\(home.path)/images", side: nil, test: nil, experiment: experiment, reading: SourceOptions())
        let run = Run(home, "learned")
        #expect(try run.train(experiment, opened.train, heldOut: opened.test) == .finished)
        let file = try ClassifierFile(run.folder.path)
        let machine = Machine(device: .cpu, threads: 1)
        let report = try FinetuneReport(file, on: opened, machine: machine, maximumBad: 0)
        #expect(report.top1.value > 0.8 && report.top1.low < report.top1.value && report.top5 == nil)
        #expect(report.testImages == 6 && report.trainImages == 30 && report.classes == images.classes)
        #expect(report.logLoss > 0 && report.logLoss < 1 && report.perClass.allSatisfy { $0.images == 2 })
        #expect(report.weights == nil && report.architecture == "convnet")
        let found = try Predictions(of: opened.test, by: file, best: 2, machine: machine, maximumBad: 1)
        let lines = found.table.split(separator: "\n").map { $0.split(separator: ",") }
        #expect(lines[0].joined(separator: ",") == "path,class,probability,class_2,probability_2" && lines.count == 7)
        let right = lines.dropFirst().count { $0[0].hasPrefix($0[1] + "/") }
        #expect(Double(right) / 6 == report.top1.value)
        _ = images
    }
}
