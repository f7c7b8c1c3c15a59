import ArgumentParser

/// `diptych sweep`.
package struct SweepCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Trains a run for each combination of some settings' values.",
        discussion: """
            Each run has a folder of its own in --output, named by its settings. The same line again skips runs that \
            are finished, resumes those that were stopped, and leaves those that another process trains to it. So \
            several processes, or the tasks of a SLURM array, may be given the same line to share the work. The table \
            of diptych runs comes last.

              diptych sweep photos/ --pipeline simclr-32 --set lr=0.03,0.1,0.3 --set method=simclr,vicreg \\
                --output sweeps/lr
            """)

    @Argument(help: ArgumentHelp("Folder of images.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @Option(
        help: ArgumentHelp(
            "The pipeline that all runs begin from: a YAML file, or a name that diptych pipelines lists.",
            valueName: "file"), transform: PathArgument.read)
    package var pipeline: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp(
            """
            A setting and its values, as in training.optimizer.sgd.lr=0.03,0.1; the end of the path is enough if it is \
            that of one setting only. They apply in order. Repeatable.
            """, valueName: "key=values"))
    package var settings: [String] = []

    @Option(help: ArgumentHelp("The folder of the runs.", valueName: "folder"), transform: PathArgument.read)
    package var output: String

    @Flag(help: "Scores each finished run by diptych probe.")
    package var probe = false

    @OptionGroup package var compute: ComputeOptions

    @Option(help: ArgumentHelp("Overrides training.seed.", valueName: "N"))
    package var seed: UInt64?

    @Option(help: ArgumentHelp("Overrides training.epochs.", valueName: "N"))
    package var epochs: Int?

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var tolerance: ToleranceOptions

    package init() {}

    package func validate() throws {
        if let epochs, epochs < 1 { throw ValidationError("--epochs must be at least 1, is \(epochs)") }
    }

    package func run() throws { try TorchProcess.handOver() }

    /// All settings, those of the options included.
    package var allSettings: [String] {
        settings + (seed.map { ["training.seed=\($0)"] } ?? []) + (epochs.map { ["training.epochs=\($0)"] } ?? [])
    }

    /// The arguments of the command that trains a run.
    /// - Parameter overrides: the run's settings; nil to resume it.
    package func training(_ folder: String, overrides: [String]?) -> [String] {
        var words = ["train", images, "--output", folder]
        if let overrides {
            words += pipeline.map { ["--pipeline", $0] } ?? []
            words += overrides.flatMap { ["--set", $0] }
        } else {
            words.append("--resume")
        }
        return words + shared
    }

    /// The arguments of the command that scores a run.
    package func probing(_ folder: String) -> [String] { ["probe", folder, images] + shared }

    private var shared: [String] {
        var words = sides.side.map { ["--side", $0.rawValue] } ?? []
        words += sides.column.flatMap { ["--column", $0.text] }
        words += sides.root.map { ["--root", $0] } ?? []
        if compute.device != .auto { words += ["--device", compute.device.rawValue] }
        words += compute.threads.map { ["--threads", "\($0)"] } ?? []
        if tolerance.maxBad != ToleranceOptions.usual { words += ["--max-bad", "\(tolerance.maxBad)"] }
        return words
    }
}
