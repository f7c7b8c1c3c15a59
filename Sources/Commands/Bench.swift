import ArgumentParser
import Foundation
import Views

/// `diptych bench`.
package struct Bench: ParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Measures how fast this machine makes the views of some images, by stage, and names the bottleneck.",
        discussion: """
            The loader runs as in training, with a consumer that takes no time; then the same threads only decode the \
            same files, as a yardstick; then one thread times every step of the pipeline. With --train, training steps \
            are measured instead: as they run, then data, forward, loss, backward and update apart.
            """)

    @Argument(help: ArgumentHelp("Folder of images, or shards.", valueName: "images"))
    package var images: String

    @OptionGroup package var settings: PipelineOptions

    @Option(help: ArgumentHelp("Seconds of the measurement proper.", valueName: "N"))
    package var seconds = 10.0

    @Flag(help: "Measures training steps.")
    package var train = false

    @Option(help: ArgumentHelp("With --train, steps of each measurement.", valueName: "N"))
    package var steps = 20

    @OptionGroup package var compute: ComputeOptions

    @Flag(help: "Prints one JSON object.")
    package var json = false

    package init() {}

    package func validate() throws {
        if steps < 1 { throw ValidationError("--steps must be at least 1, is \(steps)") }
        if !(0.1...86_400).contains(seconds) {
            throw ValidationError("--seconds must be in 0.1...86400, is \(seconds)")
        }
    }

    package func run() throws {
        if train { return try TorchProcess.handOver() }
        let pipeline = try ViewPipeline(settings.reader())
        let source = try Sources.open(Split.trainingFolder(in: images))
        var bench = Views.Bench()
        bench.seconds = seconds
        bench.options.threads = compute.threads
        let report = try bench.run(source, pipeline: pipeline)
        if json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            print(report)
        }
    }
}
