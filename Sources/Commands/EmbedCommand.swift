import ArgumentParser

/// `diptych embed`.
package struct EmbedCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Writes an encoder's features of every image with their labels, paths and class names.",
        discussion: """
            Row by row beside NAME.npy: NAME.labels.npy (int64, -1 where an image has no label), NAME.paths.txt, and of a \
            folder with train/, test/ or val/ inside NAME.sides.txt, which says which, unless --side chooses one. Line i of \
            NAME.classes.txt names label i: labels are those of the run, RUN/classes.txt, and classes that it had not get \
            the numbers after them. Beside features.npy the files are labels.npy, paths.txt, sides.txt and classes.txt.

              diptych embed runs/a photos/ --side test --output out/test.npy
            """)

    @Argument(
        help: ArgumentHelp("Run folder, encoder.safetensors or checkpoint.", valueName: "run"),
        transform: PathArgument.read)
    package var encoder: String

    @Argument(help: ArgumentHelp("Folder of images.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @Option(
        help: ArgumentHelp(
            "The features, float32 [images, dimension]; the other files are written beside it.", valueName: "file"),
        transform: PathArgument.read)
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
