import ArgumentParser
import Files
import Views

/// `diptych bench`.
package struct BenchCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures how fast this machine makes views, stage by stage, and names the bottleneck.",
        discussion: """
            The loader runs as in training, with a consumer that needs no time. Then the same threads only decode the \
            same files, for comparison. Then one thread times every step of the pipeline. With --train, it measures \
            training steps: first as a whole, then data, forward, loss, backward and update. With --order, it reads no \
            image: it reports how long the listing took, and how far the order of the images in training, with shards \
            in particular, is from a random one.
            """)

    @Argument(help: ArgumentHelp("Folder of images, or shards.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var settings: PipelineOptions

    @Option(help: ArgumentHelp("Seconds to measure; warm-up takes about as long again.", valueName: "N"))
    package var seconds = 10.0

    @Flag(help: "Measures training steps.")
    package var train = false

    @Option(help: ArgumentHelp("With --train, steps of each measurement.", valueName: "N"))
    package var steps = 20

    @Flag(help: "Measures only the order of the images.")
    package var order = false

    @Option(help: ArgumentHelp("With --order, processes that train together.", valueName: "N"))
    package var ranks = 1

    @Option(help: ArgumentHelp("With --order, images in a batch of all processes.", valueName: "N"))
    package var batch = 256

    @OptionGroup package var tolerance: ToleranceOptions

    @OptionGroup package var compute: ComputeOptions

    @Flag(help: "Prints one JSON object.")
    package var json = false

    package init() {}

    package func validate() throws {
        if order && train { throw ValidationError("--order and --train exclude each other") }
        if !(1...65_536).contains(ranks) { throw ValidationError("--ranks must be in 1...65536, is \(ranks)") }
        if batch < 2 || batch % ranks != 0 {
            throw ValidationError("--batch must be at least 2 and divisible by --ranks, is \(batch)")
        }
        if steps < 1 { throw ValidationError("--steps must be at least 1, is \(steps)") }
        if !(0.1...86_400).contains(seconds) {
            throw ValidationError("--seconds must be in 0.1...86400, is \(seconds)")
        }
    }

    package func run() throws {
        if train { return try TorchProcess.handOver() }
        let reader = try settings.reader()
        let pipeline = try ViewPipeline(reader)
        // The check must end before anything is measured.
        try SettingsCheck(settings, reader)?.finish()
        if order { return try lookAtOrder() }
        var reading = SourceOptions()
        reading.allowsCommands = true
        reading.maximumBad = tolerance.maxBad
        // As in training.
        reading.readAhead = 8 << 20
        let opened = try OpenedImages(images, side: sides.side, options: sides.reading(reading))
        let source = opened.source
        announce(opened.summary)
        var bench = Bench()
        bench.seconds = seconds
        bench.options.threads = compute.threads
        bench.options.badImages = .skip(maximum: tolerance.maxBad)
        let report = try bench.run(source, pipeline: pipeline)
        try show(report)
    }

    private func lookAtOrder() throws {
        let begun = ContinuousClock.now
        let opened = try OpenedImages(images, side: sides.side, options: sides.reading(tolerance.reading))
        let source = opened.source
        let listed = ContinuousClock.now - begun
        announce(opened.summary)
        guard source.count >= batch else {
            throw Failure(.data, "\(images): has \(source.count) images, fewer than --batch \(batch)")
        }
        if !json {
            try Output.result("listed in \(listed.seconds.fixed(2)) s")
        }
        try show(
            ShuffleQuality(
                of: source, shuffle: .training(source), ranks: ranks, batch: batch / ranks, seed: 0))
    }

    private func show(_ report: some Encodable & CustomStringConvertible) throws {
        if json { try Output.result(JSON.document(report)) } else { try Output.result("\(report)") }
    }
}
