import Foundation

/// The eigenvalues of the embeddings' covariance, and the ranks that follow from them.
enum SpectrumSection: ReportSection {
    static let id = "spectrum"
    static let title = "Spectrum of the embedding"

    static func body(_ report: Report) -> String? {
        guard let shares = report.sample?.diagnosis.spectrum, shares.count > 1 else { return nil }
        let points = shares.enumerated().map { (x: Double($0.offset + 1), y: log10(max($0.element, 1e-12))) }
        let plot = LinePlot(
            title: "Share of the variance", xLabel: "eigenvalue, largest first", yLabel: "log10 of the share",
            series: [.init("eigenvalues", .blue, points: points)])
        var body = HTML.drawing(
            SVG(title: "Covariance of the embedding", plots: [plot], columns: 1, panel: (560, 280)).text,
            "Logarithms of the eigenvalues' shares, largest first")
        let wanted = ["effective_rank", "rank_me", "participation_ratio", "encoder_effective_rank", "encoder_rank_me"]
        let known = report.sample?.diagnosis.measurements ?? []
        let rows = wanted.compactMap { name in known.first { $0.name == name } }.map {
            [$0.name, HTML.number($0.estimate.value)]
        }
        body += HTML.table(["dimensions in use", ""], rows)
        return body
    }
}
