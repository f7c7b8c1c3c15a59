import Foundation
import Views

/// The view pairs with the most and the least similar embeddings.
enum PairsSection: ReportSection {
    static let id = "pairs"
    static let title = "Most and least aligned pairs"

    static func body(_ report: Report) -> String? {
        guard let sample = report.sample else { return nil }
        let pairs = sample.embedded.pairs
        let cosines = (0..<pairs.count).map { row -> (row: Int, cosine: Double) in
            let range = row * pairs.dimension..<(row + 1) * pairs.dimension
            var (xy, xx, yy) = (0.0, 0.0, 0.0)
            for index in range {
                let (x, y) = (Double(pairs.first[index]), Double(pairs.second[index]))
                (xy, xx, yy) = (xy + x * y, xx + x * x, yy + y * y)
            }
            return (row, xy / max((xx * yy).squareRoot(), 1e-24))
        }.sorted { $0.cosine > $1.cosine }
        let sheet = ContactSheet(pipeline: sample.pipeline, seed: sample.seed)
        let thumbnails = Thumbnails(sample.embedded.source, side: 64, background: sample.pipeline.background)
        func show(_ title: String, _ chosen: some Sequence<(row: Int, cosine: Double)>) -> String {
            let figures = chosen.map { row, cosine -> String in
                let index = sample.embedded.samples[row]
                guard let views = try? sheet.pictures(of: sample.embedded.source, index: index), views.count > 2 else {
                    return ""
                }
                let pictures = views[1...2].compactMap { view in
                    (try? thumbnails.png(view)).map {
                        HTML.picture(png: $0, "a view of \(sample.embedded.source.name(index))", className: "thumb")
                    }
                }
                return "<figure>\(pictures.joined())cosine \(HTML.number(cosine))</figure>"
            }
            return "<h3>\(title)</h3><div class=\"row\">\(figures.joined())</div>\n"
        }
        return show("Most similar", cosines.prefix(8)) + show("Least similar", cosines.suffix(8).reversed())
            + HTML.paragraph(
                "If no one could match the pairs, use milder crops. If they are nearly copies, use stronger augmentation."
            )
    }
}
