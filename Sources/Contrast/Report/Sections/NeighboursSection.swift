import Torch
import Views

/// Images with those that lie nearest to them.
enum NeighboursSection: ReportSection {
    static let id = "neighbours"
    static let title = "Nearest neighbours"

    static func body(_ report: Report) throws -> String? {
        guard let sample = report.sample, sample.features.labels.count > 6 else { return nil }
        let thumbnails = Thumbnails(sample.images, side: 64, background: sample.pipeline.background)
        let features = sample.features
        let rows = try features.rows[0].normalizedRows()
        let count = features.labels.count
        var body = HTML.paragraph("Each image at the left, beside it the five nearest by the cosine of their features.")
        for place in stride(from: 0, to: count, by: max(1, count / 10)).prefix(10) {
            let nearest = try rows.narrow(dim: 0, start: place, length: 1).matmul(rows.transpose(0, 1))
                .topk(6, dim: 1)
            let places: [Int64] = try nearest.indices.toArray()
            let cosines: [Double] = try nearest.values.to(.float64).toArray()
            var row = figure(sample, thumbnails, place, note: "", className: "asked")
            for (other, cosine) in zip(places, cosines).filter({ Int($0.0) != place }).prefix(5) {
                let (own, its) = (features.labels[place], features.labels[Int(other)])
                row += figure(
                    sample, thumbnails, Int(other), note: HTML.number(cosine),
                    className: own >= 0 && its >= 0 && own != its ? "wrong" : "")
            }
            body += "<div class=\"row\">\(row)</div>\n"
        }
        return body + HTML.paragraph("Classes other than the image's own are in red.")
    }

    /// A thumbnail with its class.
    private static func figure(
        _ sample: ReportSample, _ thumbnails: Thumbnails, _ place: Int, note: String, className: String
    ) -> String {
        let label = sample.features.labels[place]
        let name = label >= 0 && label < sample.images.classes.count ? sample.images.classes[label] : ""
        let index = sample.features.samples[place]
        let picture = thumbnails.png(index).map {
            HTML.picture(png: $0, name.isEmpty ? sample.images.name(index) : name, className: "thumb")
        }
        return "<figure class=\"\(className)\">\(picture ?? "")\(Markup.escaped(name)) \(note)</figure>"
    }
}
