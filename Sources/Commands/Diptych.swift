import ArgumentParser
import Views

/// The command tree. Commands that need libtorch hand over to `diptych-torch`, so that the others start at once.
package struct Diptych: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "diptych",
        abstract: "Contrastive self-supervised learning on image folders.",
        discussion: """
            Point it at a folder of images, configure the augmentations in a YAML file, and get encoder weights and \
            linear-probe scores.

              diptych train photos/ --pipeline pipelines/simclr.yaml --output runs/photos
              diptych probe runs/photos photos/

            Exit codes: 0 done, 1 failed, 2 unusable arguments or configuration, 3 data unusable, 130 interrupted \
            (after a checkpoint).
            """,
        version: "0.1.0",
        subcommands: [
            TrainCommand.self, ProbeCommand.self, RetrieveCommand.self, EmbedCommand.self, DiagnoseCommand.self,
            EstimateCommand.self, ReportCommand.self, ExportCommand.self,
            ViewsCommand.self, ScanCommand.self, PackCommand.self, BenchCommand.self, DoctorCommand.self,
            CheckSettingsCommand.self,
        ])

    package init() {}
}

/// Where the work is done.
package enum DeviceChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// CUDA where there is one, else the CPU.
    case auto
    /// The processor.
    case cpu
    /// The first GPU, or the one of `LOCAL_RANK`.
    case cuda
}

/// What is done with images that cannot be used; shared by the commands that read many.
package struct ToleranceOptions: ParsableArguments, Sendable {
    /// What holds where nothing is said.
    package static let usual = 0.01

    @Option(
        help: ArgumentHelp(
            "Stops when more than this share of the images is unusable; 0 for none.", valueName: "share"))
    package var maxBad = ToleranceOptions.usual

    package init() {}

    /// How sources are opened.
    package var reading: SourceOptions {
        var options = SourceOptions()
        options.maximumBad = maxBad
        return options
    }

    package func validate() throws {
        if !(0...1).contains(maxBad) {
            throw ValidationError("--max-bad must be a share in 0...1, is \(maxBad)")
        }
    }
}

/// How many threads and where; shared by the commands that compute.
package struct ComputeOptions: ParsableArguments, Sendable {
    @Option(help: "Where to compute: auto, cpu or cuda.")
    package var device: DeviceChoice = .auto

    @OptionGroup private var threading: ThreadOptions

    /// Threads, where a number is given.
    package var threads: Int? { threading.count }

    package init() {}
}
