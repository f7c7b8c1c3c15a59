import ArgumentParser
import Foundation
import Views

/// `diptych bench`.
package struct Bench: ParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Measures how fast this machine makes the views of some images, by stage, and names the bottleneck.",
        discussion: """
            The loader runs as in training, with a consumer that takes no time; then the same threads only decode the \
            same files, as a yardstick; then one thread times every step of the pipeline.
            """)

    @Argument(help: ArgumentHelp("Folder of images, or shards.", valueName: "images"))
    package var images: String

    @OptionGroup package var settings: PipelineOptions

    @Option(help: ArgumentHelp("Seconds of the measurement proper.", valueName: "N"))
    package var seconds = 10.0

    @Option(help: ArgumentHelp("Threads; all cores by default.", valueName: "N"))
    package var threads: Int?

    @Flag(help: "Prints one JSON object.")
    package var json = false

    package init() {}

    package func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, is \(threads)") }
        if !(0.1...86_400).contains(seconds) {
            throw ValidationError("--seconds must be in 0.1...86400, is \(seconds)")
        }
    }

    package func run() throws {
        let pipeline = try ViewPipeline(settings.reader())
        let source = try Sources.open(Split.trainingFolder(in: images))
        var bench = Views.Bench()
        bench.seconds = seconds
        bench.options.threads = threads
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
