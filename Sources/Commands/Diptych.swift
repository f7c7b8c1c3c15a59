import ArgumentParser
import Views

/// The command tree. Commands that need libtorch run `diptych-torch`, so that the others start at once.
package struct Diptych: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "diptych",
        abstract: "Contrastive self-supervised learning on image folders.",
        discussion: """
            Point it at a folder of images, configure the augmentations in a YAML file, and get encoder weights and \
            linear-probe scores.

              diptych train photos/ --pipeline pipelines/simclr.yaml --output runs/photos
              diptych probe runs/photos photos/

            Exit codes: 0 done, 1 failed, 2 unusable arguments or configuration, 3 data unusable, 75 stopped by \
            SIGUSR1 to be started again, 130 interrupted (both after a checkpoint).
            """,
        version: "0.1.0",
        subcommands: [
            TrainCommand.self, FinetuneCommand.self, PredictCommand.self, ProbeCommand.self, RetrieveCommand.self,
            EmbedCommand.self, DiagnoseCommand.self,
            EstimateCommand.self, ReportCommand.self, ExportCommand.self, SweepCommand.self, RunsCommand.self,
            ViewsCommand.self, ScanCommand.self, PackCommand.self, BenchCommand.self, PipelinesCommand.self,
            DoctorCommand.self,
            CheckSettingsCommand.self,
        ])

    package init() {}
}

/// The device to compute on.
package enum DeviceChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// CUDA if available, else the CPU.
    case auto
    /// The CPU.
    case cpu
    /// The first GPU, or that of `LOCAL_RANK`.
    case cuda
}

/// The policy for images that cannot be used; shared by the commands that read many images.
package struct ToleranceOptions: ParsableArguments, Sendable {
    /// The default share.
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
        options.allowsCommands = true
        return options
    }

    package func validate() throws {
        if !(0...1).contains(maxBad) {
            throw ValidationError("--max-bad must be a share in 0...1, is \(maxBad)")
        }
    }
}

/// The threads and the device; shared by the commands that compute.
package struct ComputeOptions: ParsableArguments, Sendable {
    @Option(help: "Where to compute: auto, cpu or cuda.")
    package var device: DeviceChoice = .auto

    @OptionGroup private var threading: ThreadOptions

    /// The number of threads, if it is given.
    package var threads: Int? { threading.count }

    package init() {}
}
