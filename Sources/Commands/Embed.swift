import ArgumentParser

/// `diptych embed`.
package struct Embed: ParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Writes an encoder's features of every image as features.npy, labels.npy and paths.txt.")

    @Argument(help: ArgumentHelp("Run folder or encoder.safetensors.", valueName: "run"))
    package var encoder: String

    @Argument(help: ArgumentHelp("Folder of images.", valueName: "images"))
    package var images: String

    @Option(
        help: ArgumentHelp("The features, float32 [images, dimension]; labels and paths go beside.", valueName: "file"))
    package var output: String

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var tolerance: ToleranceOptions

    @OptionGroup package var compute: ComputeOptions

    package init() {}

    package func validate() throws {
        if !output.hasSuffix(".npy") { throw ValidationError("--output must end in .npy, is \(output)") }
    }

    package func run() throws { try TorchProcess.handOver() }
}
