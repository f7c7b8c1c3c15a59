import ArgumentParser
import Files
import Views

/// `diptych scan`.
package struct ScanCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: """
            Decodes every image and reports classes, sizes, formats, unreadable files with reasons, exact and near \
            duplicates, tiny images, imbalance.
            """)

    @Argument(help: ArgumentHelp("Folder of images.", valueName: "images"), transform: PathArgument.read)
    package var images: String

    @OptionGroup package var sides: SideOptions

    @Option(
        help: ArgumentHelp("Writes one JSON object; - for standard output.", valueName: "file"),
        transform: PathArgument.read)
    package var json: String?

    @Option(help: ArgumentHelp("Megapixels that a picture may have.", valueName: "N"))
    package var maxMegapixels = 100

    @OptionGroup package var threading: ThreadOptions

    package init() {}

    package func validate() throws {
        if !(1...2000).contains(maxMegapixels) {
            throw ValidationError("--max-megapixels must be in 1...2000, is \(maxMegapixels)")
        }
    }

    package func run() throws {
        try Output.check(json)
        let status = StatusLine()
        var options = SourceOptions()
        options.allowsCommands = true
        // Lost images are part of the result, not an error.
        options.maximumBad = 1
        options.progress = { found in status.show("\(found) images found") }
        let opened = try OpenedImages(images, side: sides.side, usual: .all, options: sides.reading(options))
        let source = opened.source
        status.clear()
        announce(opened.summary)
        let report = Scan(source, options: DecodeOptions(maximumPixels: maxMegapixels * 1_000_000)).run(
            threads: threading.count ?? ProcessInfo.processInfo.activeProcessorCount
        ) { done in
            status.show("\(done) of \(source.count) images")
        }
        status.clear()
        guard let json else { return try Output.result(report.lines(root: images)) }
        if try Output.result(JSON.document(report), to: json) {
            try Output.result("\(json): \(report.images) images, \(report.unreadable.count) unreadable")
        }
    }
}

extension ScanReport {
    /// The report as text; long lists end with a count.
    fileprivate func lines(root: String) -> [String] {
        let kinds = classes.isEmpty ? "no classes" : counted(classes.count, "class", "classes")
        var lines = ["\(root): \(counted(images, "image")), \(kinds)"]
        lines += classes.map { item in
            let sides = sides.compactMap { side in
                side.classes.first { $0.name == item.name }.map { "\(side.side.rawValue) \(grouped($0.images))" }
            }
            return "  \(item.name): \(grouped(item.images))"
                + (sides.isEmpty ? "" : " (\(sides.joined(separator: ", ")))")
        }
        if let imbalance {
            lines.append("imbalance: the largest class is \(imbalance.fixed(1)) times the smallest")
        }
        let formats = formats.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        if !formats.isEmpty { lines.append("formats: \(formats.joined(separator: ", "))") }
        if let widths, let heights {
            lines.append("widths: \(widths.smallest) to \(widths.largest), median \(widths.median)")
            lines.append("heights: \(heights.smallest) to \(heights.largest), median \(heights.median)")
        }
        if alpha > 0 { lines.append("transparent: \(alpha)") }
        if oriented > 0 { lines.append("rotated or mirrored by EXIF: \(oriented)") }
        if several > 0 {
            lines.append("of several pictures (animations, pages), of which only the first is read: \(several)")
        }
        if warned > 0 { lines.append("read with warnings: \(warned)") }
        lines += some("named as another format than their contents", mislabelled)
        lines += some(
            "16-bit images that are nearly black because only the low bits are used (views.depth: stretch helps)",
            faint,
            limit: 5)
        lines += some("test images that are also training images", across)
        lines += some("unreadable", unreadable.map { "\($0.path): \($0.reason)" })
        lines += some("groups of identical files", duplicates.map { $0.joined(separator: " = ") })
        lines += some(
            "groups of images that look alike",
            nearDuplicates.map { group in
                zip(group.paths, group.distances).map { $1 == 0 ? $0 : "\($0) (\($1))" }.joined(separator: " ~ ")
            })
        lines += some("images with a side below \(tinyBelow) pixels", tiny, limit: 5)
        lines += some(
            "files of unsupported formats",
            foreign.sorted { $0.key < $1.key }.map { ending, found in
                "\(found.files) .\(ending), as \(found.examples.first ?? ""); \(BuildInfo.remedy(forEnding: ending))"
            })
        lines += some("noticed", issues.map { "\($0)" })
        if ignoredFiles > 0 { lines.append("files that are not images: \(ignoredFiles)") }
        if hiddenEntries > 0 { lines.append("hidden: \(hiddenEntries)") }
        if systemEntries > 0 { lines.append("files of the operating system, such as @eaDir: \(systemEntries)") }
        return lines
    }

    private func some(_ what: String, _ items: [String], limit: Int = 20) -> [String] {
        guard !items.isEmpty else { return [] }
        let rest = items.count > limit ? ["  and \(items.count - limit) more (--json lists all)"] : []
        return ["\(what): \(items.count)"] + items.prefix(limit).map { "  \($0)" } + rest
    }
}
