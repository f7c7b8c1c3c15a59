import Foundation
import Torch
import Views

@testable import Contrast

/// A run by clip that takes a second, on `makeImages`.
func tinyCLIP(_ overrides: String...) throws -> Experiment {
    let text = """
        views:
          branches: [{count: 1, size: 16, steps: [resized_crop]}]
          evaluation: [resize, center_crop]
        encoder: {convnet: {width: 4}}
        method:
          clip:
            text: {context: 8, width: 8, depth: 1, heads: 2}
            vocabulary: {size: 560}
            dimension: 6
        training: {epochs: 2, batch_size: 8, seed: 3, optimizer: {adamw: {lr: 0.01}}, log_every: 1}
        evaluation: {knn_every: 0}
        """
    return try ConfigurationReader(file: "test", text: text, overrides: overrides).read(Experiment.self)
}

/// `makeImages` with a caption beside each that names its class.
func makeCaptionedImages(_ classes: [String], each count: Int, in folder: TemporaryFolder) throws -> ImageFolder {
    let images = try makeImages(classes, each: count, in: folder)
    for index in 0..<images.count {
        let name = "\(folder.path)/images/\(images.name(index).dropLast(4)).txt"
        let text = "A \(classes[images.label(index) ?? 0]) one.\nde.utf8=Eins\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: name))
    }
    return images
}

/// A trained run by clip, and its images.
func trainedCLIP(
    _ experiment: Experiment, on images: any Source, in folder: TemporaryFolder, name: String = "run"
) throws -> String {
    let run = RunFolder("\(folder.path)/runs/\(name)")
    let silent = Silent()
    let trainer = try Trainer(
        experiment, images: images, folder: run, machine: Machine(device: .cpu, threads: 1), observer: silent)
    _ = try trainer.run()
    return run.path
}
