import ArgumentParser

/// `diptych embed`.
package struct EmbedCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Writes an encoder's features of every image with their labels, paths and class names.",
        discussion: """
            Beside NAME.npy, it writes, row by row, NAME.labels.npy (int64, -1 for an image without a label) and \
            NAME.paths.txt, and for a folder with train/, test/ or val/ NAME.sides.txt, unless --side selects one of \
            them. Line i of NAME.classes.txt is the class of label i. Labels are those of the run, from \
            RUN/classes.txt; other classes get the numbers after them. The columns of a table go to NAME.table.csv. \
            Beside features.npy, the files are labels.npy, paths.txt, sides.txt, classes.txt and table.csv.

              diptych embed runs/a photos/ --side test --output out/test.npy
              diptych embed --weights dino_resnet50.pth photos/ --output features.npy
            """)

    @Argument(
        help: ArgumentHelp(
            "Run folder, encoder.safetensors or checkpoint, unless --weights is given; then the folder of images.",
            valueName: "run images"), transform: PathArgument.read)
    package var places: [String] = []

    @OptionGroup package var free: WeightOptions

    @Option(
        help: ArgumentHelp(
            "The features, float32 [images, dimension]; the other files are written beside it.", valueName: "file"),
        transform: PathArgument.read)
    package var output: String

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var tolerance: ToleranceOptions

    @OptionGroup package var compute: ComputeOptions

    package init() {}

    /// The path of the encoder.
    package var encoder: String { free.weights ?? places[0] }

    /// The path of the images.
    package var images: String { places[places.count - 1] }

    package func validate() throws {
        _ = try free.places(places, then: ["IMAGES"])
        if !output.hasSuffix(".npy") { throw ValidationError("--output must end in .npy, is \(output)") }
    }

    package func run() throws { try TorchProcess.handOver() }
}
