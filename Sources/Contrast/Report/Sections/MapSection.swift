import Views

/// Two-dimensional maps of the features.
enum MapSection: ReportSection {
    static let id = "map"
    static let title = "Map of the features"

    static func body(_ report: Report) -> String? {
        guard let sample = report.sample else { return nil }
        let thumbnails = Thumbnails(sample.images, side: 32, background: sample.pipeline.background)
        let count = sample.features.labels.count
        var pictures: [Int: [UInt8]] = [:]
        for index in stride(from: 0, to: count, by: max(1, count / 40)) {
            pictures[index] = thumbnails.png(sample.features.samples[index])
        }
        func draw(_ title: String, _ positions: [(x: Double, y: Double)]) -> String {
            let drawing = MapDrawing(
                title: title, positions: positions, labels: sample.features.labels, classes: sample.images.classes,
                pictures: pictures)
            return HTML.drawing(drawing.svg, "\(title) of \(count) images, coloured by class", className: "map")
        }
        let share = HTML.percent(sample.map.explained)
        return "<div class=\"maps\">\(draw("t-SNE", sample.map.neighbours))"
            + "\(draw("PCA, \(share) of the variance", sample.map.principal))</div>\n"
            + HTML.paragraph(
                "The encoder's features of \(count) images, coloured by class. t-SNE keeps neighbours together; its "
                    + "distances between groups mean nothing.")
    }
}
