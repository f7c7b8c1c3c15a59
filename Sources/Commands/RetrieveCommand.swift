import ArgumentParser

/// `diptych retrieve`.
package struct RetrieveCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "retrieve",
        abstract: "Scores a run by clip: recall@1, 5 and 10 of captions by images and of images by captions.",
        discussion: """
            IMAGES is a folder with NAME.txt beside the images, a table with captions (.csv, .tsv, .jsonl) or shards. It \
            tests on test/ or val/ beside train/, else on the share that the run held out. Pairs with equal captions \
            count as correct for each other. The scores of a random order are given for comparison.
            """)

    @Argument(help: ArgumentHelp("Run folder.", valueName: "run"), transform: PathArgument.read)
    package var encoder: String

    @Argument(help: ArgumentHelp("Images with captions.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @Flag(help: "Tests on all images, for images that the run was not trained on.")
    package var all = false

    @Option(
        help: ArgumentHelp("Writes one JSON object; - for standard output.", valueName: "file"),
        transform: PathArgument.read)
    package var json: String?

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var tolerance: ToleranceOptions

    @OptionGroup package var compute: ComputeOptions

    package init() {}

    package func run() throws { try TorchProcess.handOver() }
}
