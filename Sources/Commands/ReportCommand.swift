import ArgumentParser

/// `diptych report`.
package struct ReportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Writes one self-contained page about a run: scores, curves, pictures, diagnosis.",
        discussion: """
            The page needs no network and no script, and is readable in light and dark mode, on a phone and on paper. \
            With --images, it shows the encoder's results on them: diagnosis, maps, neighbours, pairs. Several runs \
            are compared side by side; pictures are shown only for the first.

              diptych report runs/photos --images photos/
              diptych report runs/tau-0.1 runs/tau-0.5 --output comparison.html
              diptych report sweeps/lr
              diptych report --weights resnet50.pth --images photos/ --output weights.html
            """)

    @Argument(
        help: ArgumentHelp("Run folders, or folders of runs.", valueName: "run"), transform: PathArgument.read)
    package var runs: [String] = []

    @OptionGroup package var free: WeightOptions

    @Option(
        help: ArgumentHelp("The training images of the first run, or similar ones.", valueName: "images"),
        transform: PathArgument.read)
    package var images: String?

    @Option(
        help: ArgumentHelp("The page; report.html in the first folder by default.", valueName: "file"),
        transform: PathArgument.read)
    package var output: String?

    @Option(help: ArgumentHelp("The largest number of view pairs to use.", valueName: "N"))
    package var pairs = 1024

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var tolerance: ToleranceOptions

    @OptionGroup package var compute: ComputeOptions

    package init() {}

    package func validate() throws {
        if free.weights != nil {
            guard runs.isEmpty else { throw ValidationError("give run folders or --weights, not both") }
            guard images != nil, output != nil else {
                throw ValidationError("--weights requires --images and --output")
            }
        } else if runs.isEmpty {
            throw ValidationError("give a run folder, or --weights FILE")
        }
        if !(16...16_384).contains(pairs) { throw ValidationError("--pairs must be in 16...16384, is \(pairs)") }
    }

    package func run() throws { try TorchProcess.handOver() }
}
