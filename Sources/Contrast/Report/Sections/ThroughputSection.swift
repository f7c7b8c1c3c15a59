/// The time of each stage of making views.
enum ThroughputSection: ReportSection {
    static let id = "throughput"
    static let title = "Throughput by stage"

    static func body(_ report: Report) -> String? {
        guard let bench = report.sample?.bench else { return nil }
        let stages = [
            ("read", bench.stages.read), ("decode", bench.stages.decode), ("augment", bench.stages.augment),
            ("normalize", bench.stages.normalize), ("idle", bench.stages.idle), ("other", bench.stages.other),
        ]
        let total = max(stages.reduce(0) { $0 + $1.1 }, 1e-9)
        return HTML.paragraph(
            "\(HTML.number(bench.imagesPerSecond)) images/s, \(bench.views) views of each, on \(bench.threads) threads "
                + "of this machine. The bottleneck: \(bench.bottleneck.explanation).")
            + HTML.table(
                ["stage", "µs per image", "share"],
                stages.map { [$0.0, HTML.number($0.1), HTML.percent($0.1 / total)] })
            + HTML.table(
                ["step", "µs per view"], bench.steps.map { ["\($0.branch) \($0.name)", HTML.number($0.microseconds)] })
    }
}
