import ArgumentParser

/// `diptych predict`.
package struct PredictCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Writes the most probable classes of images as a table.",
        discussion: """
            MODEL is a folder of finetune, or its classifier.safetensors. IMAGES need no labels. The table has a row \
            for each image: its path, the best class and its probability, and with --top the next ones. Images that \
            cannot be read have no row; they are named and counted.

              diptych predict runs/f photos/ --output predictions.csv --top 3
            """)

    @Argument(
        help: ArgumentHelp("A folder of finetune, or a classifier.safetensors.", valueName: "model"),
        transform: PathArgument.read)
    package var model: String

    @Argument(help: ArgumentHelp("Folder of images.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @Option(
        help: ArgumentHelp("The table, in CSV; - is standard output.", valueName: "file"), transform: PathArgument.read)
    package var output: String

    @Option(help: ArgumentHelp("The number of classes in a row.", valueName: "k"))
    package var top = 1

    @OptionGroup package var sides: SideOptions

    @Option(
        help: ArgumentHelp(
            "Stops when more than this share of the images is unusable; never by default.", valueName: "share"))
    package var maxBad = 1.0

    @OptionGroup package var compute: ComputeOptions

    package init() {}

    package func validate() throws {
        if !(1...1000).contains(top) { throw ValidationError("--top must be in 1...1000, is \(top)") }
        if !(0...1).contains(maxBad) { throw ValidationError("--max-bad must be a share in 0...1, is \(maxBad)") }
    }

    package func run() throws { try TorchProcess.handOver() }
}
