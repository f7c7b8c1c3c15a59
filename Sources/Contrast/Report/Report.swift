import Views

/// A self-contained HTML page about one run or several: it has no scripts, loads nothing, and has a light and a dark
/// colour scheme.
public struct Report {
    /// The runs; sections with images are about the first.
    public let runs: [ReportedRun]
    /// A sample of the first run's images; nil if none were given.
    public let sample: ReportSample?

    /// Makes a report.
    public init(runs: [ReportedRun], sample: ReportSample?) {
        self.runs = runs
        self.sample = sample
    }

    /// The page as HTML.
    public func html() throws -> String {
        var sections: [(id: String, title: String, body: String)] = []
        for section in reportSections {
            if let body = try section.body(self) { sections.append((section.id, section.title, body)) }
        }
        return HTML.page(title: runs.map(\.name).joined(separator: " and "), sections: sections)
    }

    /// The first run.
    var run: ReportedRun { runs[0] }
}

/// A section of a report. To add one, add a file and its name in `reportSections`.
protocol ReportSection: SendableMetatype {
    /// The section's anchor.
    static var id: String { get }
    /// The section's heading.
    static var title: String { get }

    /// The section as HTML; nil if there is nothing to show.
    static func body(_ report: Report) throws -> String?
}

/// All sections, in the order of the page.
let reportSections: [any ReportSection.Type] = [
    OutcomeSection.self, CurvesSection.self, ViewsSection.self, DiagnosisSection.self, SpectrumSection.self,
    GeometrySection.self, MapSection.self, NeighboursSection.self, ConfusionSection.self, PairsSection.self,
    ThroughputSection.self, QuarantineSection.self, ConfigurationSection.self,
]
