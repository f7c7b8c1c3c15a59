import Commands
import Contrast
import Files
import Foundation
import Torch
import Views

/// `diptych embed`: features, labels, paths and sides of every usable image, in the folder's order.
struct EmbedJob {
    private let options: EmbedCommand

    init(_ options: EmbedCommand) { self.options = options }

    func run() throws {
        try Output.check(options.output)
        let file = try EncoderFile(options.encoder, options.free)
        try options.free.requireUse(by: [file])
        let console = Console()
        file.notes.forEach(console.notice)
        let opened = try OpenedImages(
            options.images, side: options.sides.side, usual: .all,
            options: options.sides.reading(options.tolerance.reading))
        announce(opened.summary)
        let source = labelled(opened.source, by: file, console)
        let machine = try Machine(options.compute)
        try machine.prepare(file.encoder)
        let extractor = FeatureExtractor(
            pipeline: try ViewPipeline(file.experiment.views), machine: machine,
            maximumBad: options.tolerance.maxBad)
        let features = try extractor.features(of: source, by: [file.encoder]) { done in
            console.working("features", share: Double(done) / Double(source.count))
        }
        console.clear()
        let joined = opened.source as? JoinedSides
        let folder = joined == nil ? sideFolder(opened) : ""
        let paths = features.samples.map { folder + source.name($0) }
        // The sides of folders are written to a separate file.
        let hasColumns = source.columns != [.split] && !source.columns.isEmpty
        try EmbeddingFiles(options.output).write(
            features.rows[0], labels: features.labels, paths: paths, classes: source.classes,
            sides: joined.map { joined in features.samples.map { joined.side(of: $0).rawValue } },
            table: hasColumns ? TableWriter.text(of: source, indices: features.samples, paths: paths) : nil)
        try Output.result("\(options.output): \(features.rows[0].shape[0]) x \(features.rows[0].shape[1])")
        for record in features.skipped { console.notice("skipped \(record)") }
    }

    /// The images with labels by the encoder's own list of classes, so that a label stands for the same class in every
    /// output. New classes get the next labels.
    private func labelled(_ source: any Source, by file: EncoderFile, _ console: Console) -> any Source {
        guard !source.classes.isEmpty else { return source }
        guard let known = file.classes else {
            console.notice(
                "note: labels are indices of these images' own classes, because the encoder has no classes.txt "
                    + "beside it")
            return source
        }
        let classes = ClassNames.extended(known, by: source.classes)
        if classes.count > known.count {
            let new = classes[known.count...]
            let names = new.prefix(3).joined(separator: ", ") + (new.count > 3 ? " and \(new.count - 3) more" : "")
            console.notice(
                "note: \(counted(new.count, "class", "classes")) not in the training images "
                    + "\(new.count == 1 ? "has" : "have") the labels from \(known.count) on: \(names)")
        }
        guard !ClassNames.areEqual(classes, source.classes) else { return source }
        let labelled = Relabelled(source, classes: classes)
        for lost in labelled.listing.unknownClasses where lost.isListed {
            console.notice(
                "note: \(counted(lost.images, "image")) of \(lost.name) \(lost.images == 1 ? "has" : "have") label "
                    + "-1, because the list has several classes of that name")
        }
        return labelled
    }

    /// The folder of the embedded side, so that paths are relative to IMAGES for every side.
    private func sideFolder(_ opened: OpenedImages) -> String {
        guard let side = options.sides.side?.side, let name = opened.layout.part(side)?.name, name.hasSuffix("/") else {
            return ""
        }
        return name
    }
}
