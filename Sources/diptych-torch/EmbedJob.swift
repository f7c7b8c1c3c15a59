import Commands
import Contrast
import Files
import Foundation
import Torch
import Views

/// `diptych embed`: features, labels and paths of every usable image, in the folder's order.
struct EmbedJob {
    private let options: Embed

    init(_ options: Embed) { self.options = options }

    func run() throws {
        let file = try EncoderFile(options.encoder)
        let opened = try OpenedImages(options.images, side: options.sides.side, usual: .all)
        let folder = opened.source
        announce(opened.summary)
        let machine = try Machine(options.compute)
        try machine.take(file.encoder)
        let pipeline = try ViewPipeline(file.experiment.views)
        let console = Console()
        let extractor = FeatureExtractor(
            pipeline: pipeline, machine: machine, maximumBad: options.tolerance.maxBad)
        let features = try extractor.features(of: folder, by: [file.encoder]) { done in
            console.working("features", share: Double(done) / Double(folder.count))
        }
        console.clear()
        let base = URL(fileURLWithPath: options.output).deletingLastPathComponent()
        try Npy.write(try features.rows[0].toArray(Float.self), shape: features.rows[0].shape, to: options.output)
        try Npy.write(
            features.labels.map(Int64.init), shape: [features.labels.count],
            to: base.appendingPathComponent("labels.npy").path)
        try AtomicFile.write(
            features.samples.map { folder.name($0) + "\n" }.joined(), to: base.appendingPathComponent("paths.txt").path)
        try Output.result("\(options.output): \(features.rows[0].shape[0]) x \(features.rows[0].shape[1])")
        for record in features.skipped { console.notice("skipped \(record)") }
    }
}
