import Views

/// Where the images lie among each other.
enum MapSection: ReportSection {
    static let id = "map"
    static let title = "Map of the features"

    static func body(_ report: Report) -> String? {
        guard let sample = report.sample else { return nil }
        let thumbnails = Thumbnails(sample.images, side: 32, background: sample.pipeline.background)
        let count = sample.features.labels.count
        var pictures: [Int: [UInt8]] = [:]
        for place in stride(from: 0, to: count, by: max(1, count / 40)) {
            pictures[place] = thumbnails.png(sample.features.samples[place])
        }
        func draw(_ title: String, _ places: [(x: Double, y: Double)]) -> String {
            let drawing = MapDrawing(
                title: title, places: places, labels: sample.features.labels, classes: sample.images.classes,
                pictures: pictures)
            return HTML.drawing(drawing.svg, "\(title) of \(count) images, coloured by class", className: "map")
        }
        let share = HTML.percent(sample.map.explained)
        return "<div class=\"maps\">\(draw("t-SNE", sample.map.neighbours))"
            + "\(draw("PCA, \(share) of the variance", sample.map.principal))</div>\n"
            + HTML.paragraph(
                "\(count) images by the encoder's features, coloured by class. t-SNE keeps neighbours together and says "
                    + "nothing of distances between groups.")
    }
}
