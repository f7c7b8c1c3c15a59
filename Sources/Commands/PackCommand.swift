import ArgumentParser
import Files
import Views

/// `diptych pack`.
package struct PackCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Packs images into WebDataset shards, which are read sequentially.",
        discussion: """
            Images are shuffled by the seed, checked, and written unchanged as KEY.jpg or KEY.png, with KEY.cls (the \
            label) and KEY.txt (the caption) if they have any. Commands accept the shards as shards-{000..123}.tar, or \
            as the folder that holds them.
            """)

    @Argument(help: ArgumentHelp("Folder of images.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @OptionGroup package var sides: SideOptions

    @Option(help: ArgumentHelp("The shards, as shards/%06d.tar.", valueName: "pattern"), transform: PathArgument.read)
    package var output: String

    @Option(help: ArgumentHelp("The largest number of images in a shard.", valueName: "N"))
    package var count = 10_000

    @Option(help: ArgumentHelp("The largest shard in MiB.", valueName: "MiB"))
    package var size = 256

    @Option(help: ArgumentHelp("The seed of the order.", valueName: "N"))
    package var seed: UInt64 = 0

    @Flag(help: "Keeps the source's order; for test images only.")
    package var ordered = false

    @Flag(help: "Replaces existing shards.")
    package var force = false

    @Option(help: ArgumentHelp("Megapixels that a picture may have.", valueName: "N"))
    package var maxMegapixels = 100

    @Option(
        help: ArgumentHelp(
            "Ends with an error if more than this share of the images is skipped; all skipped images are listed.",
            valueName: "share"))
    package var maxBad: Double?

    @OptionGroup package var threading: ThreadOptions

    package init() {}

    package func validate() throws {
        if !(1...2000).contains(maxMegapixels) {
            throw ValidationError("--max-megapixels must be in 1...2000, is \(maxMegapixels)")
        }
        if let maxBad, !(0...1).contains(maxBad) {
            throw ValidationError("--max-bad must be a share in 0...1, is \(maxBad)")
        }
        if count < 1 { throw ValidationError("--count must be at least 1, is \(count)") }
        if !(1...1_048_576).contains(size) { throw ValidationError("--size must be in 1...1048576 MiB, is \(size)") }
    }

    package func run() throws {
        try Folder.check(SystemPath.folder(of: output))
        var reading = SourceOptions()
        reading.allowsCommands = true
        reading.maximumBad = maxBad ?? reading.maximumBad
        let opened = try OpenedImages(images, side: sides.side, options: sides.reading(reading))
        let source = opened.source
        announce(opened.summary)
        let status = StatusLine()
        var options = ShardWriter.Options()
        options.maximumImages = count
        options.maximumBytes = size << 20
        options.seed = ordered ? nil : seed
        options.replaces = force
        if let threads = threading.count { options.threads = threads }
        options.decoding.maximumPixels = maxMegapixels * 1_000_000
        options.progress = { status.show("\($0) of \(source.count) images packed") }
        let writer: ShardWriter
        do {
            writer = try ShardWriter(output: output, options: options)
        } catch {
            throw Failure(.unusable, "--output \(error)")
        }
        let report = try writer.pack(source)
        status.clear()
        for image in report.skipped {
            status.note("skipped \(image.path): \(image.reason)")
        }
        guard report.images > 0 else { throw Failure(.data, "\(images): none of \(source.count) images can be used") }
        if let maxBad, Double(report.skipped.count) > maxBad * Double(source.count) {
            throw Failure(
                .data,
                "\(images): \(report.skipped.count) of \(source.count) images were skipped, more than --max-bad "
                    + "allows; \(output) holds the others")
        }
        let mebibytes = Double(report.bytes) / 0x1p20
        try Output.result(
            "\(counted(report.images, "image")) in \(counted(report.shards.count, "shard")), "
                + "\(mebibytes.fixed(1)) MiB: \(output)")
    }
}
