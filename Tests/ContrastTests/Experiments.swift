import Foundation
import Torch
import Views

@testable import Contrast

/// An encoder from the text of a pipeline file, as in `resnet18: {width: 8}`.
func encoder(_ text: String, seed: UInt64 = 1) throws -> any Encoder {
    try architecture(text).build(generator: Generator(seed: seed))
}

/// The architecture of an encoder from the text of a pipeline file.
func architecture(_ text: String) throws -> any EncoderSettings {
    try ConfigurationReader(file: "test", text: "encoder: {\(text)}").read(Experiment.self).encoder.component
}

/// A run that takes a second: views of 16 pixels, the smallest network, three steps a pass on 24 images.
func tinyExperiment(_ overrides: String...) throws -> Experiment {
    let text = """
        views:
          branches: [{count: 2, size: 16, steps: [resized_crop, horizontal_flip, color_jitter]}]
          evaluation: [resize, center_crop]
        encoder: {convnet: {width: 4}}
        method: {simclr: {head: {mlp: {output: 8}}}}
        training: {epochs: 2, batch_size: 8, seed: 3, optimizer: {sgd: {lr: 0.05}}, log_every: 1}
        evaluation: {knn_every: 1}
        """
    return try ConfigurationReader(file: "test", text: text, overrides: overrides).read(Experiment.self)
}

/// Shows nothing of a training.
final class Silent: TrainingObserver {
    func notice(_ message: String) {}
    func stepped(_ progress: TrainingProgress) {}
    func finished(_ epoch: EpochRecord) {}
}

/// PNG files in class folders, each class of a colour of its own with noise that differs from file to file.
func makeImages(_ classes: [String], each count: Int, in folder: TemporaryFolder) throws -> ImageFolder {
    let size = Size(width: 20, height: 18)
    for (label, name) in classes.enumerated() {
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/images/\(name)", withIntermediateDirectories: true)
        for index in 0..<count {
            let noise = Fixture.hashed(size.area * 3, stream: UInt64(label * 1000 + index))
            let pixels = noise.enumerated().map { place, value in
                UInt8(100 + 40 * value + (place % 3 == label % 3 ? 100 : 0))
            }
            let png = try PNGWriter.encode(Image(size: size, interleaved: pixels))
            try Data(png).write(to: URL(fileURLWithPath: "\(folder.path)/images/\(name)/\(index + 10).png"))
        }
    }
    return try ImageFolder("\(folder.path)/images")
}

/// A run from the text of a pipeline file.
enum Experiments {
    static func read(_ text: String) throws -> Experiment {
        try ConfigurationReader(file: "test", text: text).read(Experiment.self)
    }
}
