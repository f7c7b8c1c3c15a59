import ArgumentParser

/// `diptych train`.
package struct TrainCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains an encoder on a folder of images.",
        discussion: """
            IMAGES is a folder: its sub-folders are the classes, and a flat folder has no labels; train/ and test/ or \
            val/ inside are separate. Tables (.csv, .tsv, .jsonl) and tar shards also work. The run folder gets \
            config.yaml, metrics.jsonl, TensorBoard events, checkpoints, encoder.safetensors with torchvision's keys, \
            encoder.json and quarantine.jsonl. Ctrl-C stops after a checkpoint. \
            --resume continues from there, or from wherever the run was killed, bit for bit with the same \
            images and threads. --resume --epochs N makes a run longer, also a finished one: its schedule is then that \
            of a run of N epochs, so a cosine's learning rate jumps up (docs/faults.md). Started by torchrun or \
            mpirun, several processes train as one (docs/scale.md).
            """)

    @Argument(help: ArgumentHelp("Folder of images.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @OptionGroup package var free: WeightOptions

    /// The pipeline.
    package var settings: PipelineOptions { free.settings }

    @Option(
        help: ArgumentHelp("The run folder; runs/NAME-DATE by default.", valueName: "folder"),
        transform: PathArgument.read)
    package var output: String?

    @Flag(help: "Resumes from the last checkpoint in --output.")
    package var resume = false

    @Flag(
        help: """
            With --resume, continues although images were added, lost or replaced; the current epoch starts again.
            """)
    package var allowOtherImages = false

    @Flag(help: "Prints the run's settings and what it will cost, by a few steps; nothing is written.")
    package var dryRun = false

    @OptionGroup package var compute: ComputeOptions

    @Option(help: ArgumentHelp("Overrides training.seed.", valueName: "N"))
    package var seed: UInt64?

    @Option(help: ArgumentHelp("Overrides training.epochs; with --resume too.", valueName: "N"))
    package var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Seconds to stop after SIGTERM, for machines that are reclaimed; a longer training step is abandoned.",
            valueName: "seconds"))
    package var grace: Double?

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var tolerance: ToleranceOptions

    package init() {}

    package func validate() throws {
        if resume && output == nil {
            throw ValidationError("--resume needs --output, the run folder to resume")
        }
        if allowOtherImages && !resume {
            throw ValidationError("--allow-other-images requires --resume")
        }
        if dryRun && resume { throw ValidationError("--dry-run is for a new run, not for --resume") }
        if let grace, !(grace >= 0 && grace <= 86_400) {
            throw ValidationError("--grace must be in 0...86400, is \(grace)")
        }
        if let epochs, epochs < 1 {
            throw ValidationError("--epochs must be at least 1, is \(epochs)")
        }
    }

    package func run() throws { try TorchProcess.handOver() }
}
