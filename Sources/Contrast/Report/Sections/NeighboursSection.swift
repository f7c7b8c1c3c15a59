import Torch
import Views

/// Images and their nearest neighbours.
enum NeighboursSection: ReportSection {
    static let id = "neighbours"
    static let title = "Nearest neighbours"

    static func body(_ report: Report) throws -> String? {
        guard let sample = report.sample, sample.features.labels.count > 6 else { return nil }
        let thumbnails = Thumbnails(sample.images, side: 64, background: sample.pipeline.background)
        let features = sample.features
        let rows = try features.rows[0].normalizedRows()
        let count = features.labels.count
        var body = HTML.paragraph(
            "The left image of each row, and the five images whose features have the largest cosine with its own.")
        for query in stride(from: 0, to: count, by: max(1, count / 10)).prefix(10) {
            let nearest = try rows.narrow(dim: 0, start: query, length: 1).matmul(rows.transpose(0, 1))
                .topk(6, dim: 1)
            let indices: [Int64] = try nearest.indices.toArray()
            let cosines: [Double] = try nearest.values.to(.float64).toArray()
            var row = figure(sample, thumbnails, query, note: "", className: "query")
            for (other, cosine) in zip(indices, cosines).filter({ Int($0.0) != query }).prefix(5) {
                let (own, its) = (features.labels[query], features.labels[Int(other)])
                row += figure(
                    sample, thumbnails, Int(other), note: HTML.number(cosine),
                    className: own >= 0 && its >= 0 && own != its ? "wrong" : "")
            }
            body += "<div class=\"row\">\(row)</div>\n"
        }
        return body + HTML.paragraph("Images of another class are marked in red.")
    }

    /// A thumbnail with its class.
    private static func figure(
        _ sample: ReportSample, _ thumbnails: Thumbnails, _ row: Int, note: String, className: String
    ) -> String {
        let label = sample.features.labels[row]
        let name = label >= 0 && label < sample.images.classes.count ? sample.images.classes[label] : ""
        let index = sample.features.samples[row]
        let picture = thumbnails.png(index).map {
            HTML.picture(png: $0, name.isEmpty ? sample.images.name(index) : name, className: "thumb")
        }
        return "<figure class=\"\(className)\">\(picture ?? "")\(Markup.escaped(name)) \(note)</figure>"
    }
}
