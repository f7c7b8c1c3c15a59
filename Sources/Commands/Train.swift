import ArgumentParser

/// `diptych train`.
package struct Train: ParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Trains an encoder on a folder of images.",
        discussion: """
            IMAGES is a folder: its sub-folders are the classes, a flat folder is unlabelled; train/ and test/ or val/ \
            inside are kept apart. Tar shards and, for method clip, captions files (.tsv, .csv, .jsonl) do as well. The run folder gets config.yaml, metrics.jsonl, TensorBoard events, checkpoints, \
            encoder.safetensors with torchvision's keys, encoder.json and quarantine.jsonl. Ctrl-C stops after a \
            checkpoint; --resume goes on from it, or from wherever the run was killed. Started by torchrun or mpirun, \
            several processes train as one (docs/scale.md).
            """)

    @Argument(help: ArgumentHelp("Folder of images.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @OptionGroup package var settings: PipelineOptions

    @Option(
        help: ArgumentHelp("The run folder; runs/NAME-DATE by default.", valueName: "folder"),
        transform: PathArgument.read)
    package var output: String?

    @Flag(help: "Goes on from the last checkpoint of --output.")
    package var resume = false

    @OptionGroup package var compute: ComputeOptions

    @Option(help: ArgumentHelp("Overrides training.seed.", valueName: "N"))
    package var seed: UInt64?

    @Option(help: ArgumentHelp("Overrides training.epochs.", valueName: "N"))
    package var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Seconds from SIGTERM to the end, for machines that are taken away: a step that takes longer is given up.",
            valueName: "seconds"))
    package var grace: Double?

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var tolerance: ToleranceOptions

    package init() {}

    package func validate() throws {
        if resume && output == nil {
            throw ValidationError("--resume needs --output, the run folder to go on with")
        }
        if let grace, !(grace >= 0 && grace <= 86_400) {
            throw ValidationError("--grace must be in 0...86400, is \(grace)")
        }
        if let epochs, epochs < 1 {
            throw ValidationError("--epochs must be at least 1, is \(epochs)")
        }
    }

    package func run() throws { try TorchProcess.handOver() }
}
