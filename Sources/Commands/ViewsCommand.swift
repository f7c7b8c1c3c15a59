import ArgumentParser
import Files
import Views

/// `diptych views`.
package struct ViewsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "views",
        abstract: "Shows the views that a pipeline makes of some images: a contact sheet (.png) or the arrays (.npy).")

    @Argument(help: ArgumentHelp("Folder of images.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var settings: PipelineOptions

    @Option(help: ArgumentHelp("Images to show.", valueName: "N"))
    package var count = 8

    @Option(help: ArgumentHelp("The seed of the views.", valueName: "N"))
    package var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp("sheet.png, or views.npy with float32 [images, views, 3, H, W].", valueName: "file"),
        transform: PathArgument.read)
    package var output: String

    package init() {}

    package func validate() throws {
        if count < 1 || count > 10_000 { throw ValidationError("--count must be in 1...10000, is \(count)") }
        if !output.hasSuffix(".png") && !output.hasSuffix(".npy") {
            throw ValidationError("--output must end in .png or .npy, is \(output)")
        }
    }

    package func run() throws {
        try Output.check(output)
        let reader = try settings.reader()
        let check = SettingsCheck(settings, reader)
        let pipeline = try ViewPipeline(reader)
        var reading = SourceOptions()
        reading.allowsCommands = true
        reading.maximumBad = 1
        let opened = try OpenedImages(images, side: sides.side, options: sides.reading(reading))
        announce(opened.summary)
        let shown: (images: Int, skipped: [DecodeError])
        if output.hasSuffix(".png") {
            let sheet = try ContactSheet(pipeline: pipeline, seed: seed).sheet(of: opened.source, count: count)
            try check?.finish()
            try AtomicFile.write(try PNGWriter.encode(sheet.picture), to: output)
            shown = (sheet.images, sheet.skipped)
        } else {
            let sizes = Set(pipeline.branches.map { $0.size })
            guard let size = sizes.first, sizes.count == 1 else {
                throw Failure(.unusable, "\(output): an array needs branches of equal size; write a .png instead")
            }
            let views = try ViewArray(pipeline: pipeline, seed: seed).make(opened.source, count: count)
            let shape = [views.images, pipeline.viewCount, Image.channels, size.height, size.width]
            try check?.finish()
            try Npy.write(views.values, shape: shape, to: output)
            shown = (views.images, views.skipped)
        }
        for image in shown.skipped.prefix(20) { Output.note("skipped \(image)") }
        if shown.skipped.count > 20 {
            Output.note("and \(shown.skipped.count - 20) more; diptych scan lists all")
        }
        try Output.result("\(output): \(counted(shown.images, "image")), \(counted(pipeline.viewCount, "view")) each")
    }
}
