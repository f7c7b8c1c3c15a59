import ArgumentParser

/// `diptych diagnose`.
package struct DiagnoseCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "diagnose",
        abstract: "Diagnoses problems of a run or of paired embeddings, with evidence and the settings to change.",
        discussion: """
            Give either a run folder, whose encoder and head embed view pairs of IMAGES, or two .npy files from any \
            framework, in which row i of both is a view of the same sample. Findings list causes first, and say if the \
            sample is too small to decide.

              diptych diagnose runs/photos photos/
              diptych diagnose --views z1.npy z2.npy --labels labels.npy --temperature 0.1
            """)

    @Argument(
        help: ArgumentHelp("Run folder, then the folder of images.", valueName: "run"), transform: PathArgument.read)
    package var paths: [String] = []

    @OptionGroup package var free: WeightOptions

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Two .npy files of embeddings, float [pairs, dimension].", valueName: "file"),
        transform: PathArgument.read)
    package var views: [String] = []

    @Option(
        help: ArgumentHelp("The pairs' classes, integers [pairs], as .npy.", valueName: "file"),
        transform: PathArgument.read)
    package var labels: String?

    @Option(help: ArgumentHelp("The training's temperature; the run's own with a run.", valueName: "tau"))
    package var temperature: Double?

    @Option(
        help: ArgumentHelp("Writes one JSON object; - for standard output.", valueName: "file"),
        transform: PathArgument.read)
    package var json: String?

    @Option(help: ArgumentHelp("The largest number of pairs to use.", valueName: "N"))
    package var pairs = 4096

    @Option(help: ArgumentHelp("Seed of the choice of pairs and of the resampling.", valueName: "N"))
    package var seed: UInt64 = 0

    @Flag(
        inversion: .prefixedNo,
        help: "With a run, looks for held-out images that are also in the training set; decodes each image once.")
    package var copies = true

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var tolerance: ToleranceOptions

    @OptionGroup package var compute: ComputeOptions

    package init() {}

    package func validate() throws {
        if free.weights != nil {
            guard views.isEmpty else { throw ValidationError("--weights does not apply to --views") }
            _ = try free.places(paths, then: ["IMAGES"])
        }
        if views.isEmpty == paths.isEmpty {
            throw ValidationError("give a run folder, or --views with two .npy files")
        }
        if !views.isEmpty && views.count != 2 {
            throw ValidationError("--views takes two .npy files, got \(views.count)")
        }
        if paths.count > 2 { throw ValidationError("got \(paths.count) paths; give RUN and IMAGES") }
        if labels != nil && views.isEmpty { throw ValidationError("--labels requires --views") }
        if let temperature, !(temperature > 0 && temperature.isFinite) {
            throw ValidationError("--temperature must be positive, is \(temperature)")
        }
        if !(16...65_536).contains(pairs) { throw ValidationError("--pairs must be in 16...65536, is \(pairs)") }
    }

    package func run() throws { try TorchProcess.handOver() }
}
