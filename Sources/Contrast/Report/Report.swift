import Views

/// One self-contained page about a run, or about several side by side: no network, no script, light and dark.
public struct Report {
    /// The runs; what needs pictures is about the first.
    public let runs: [ReportedRun]
    /// Its images as its encoder sees them; nil where no images were given.
    public let sample: ReportSample?

    /// Makes a report.
    public init(runs: [ReportedRun], sample: ReportSample?) {
        self.runs = runs
        self.sample = sample
    }

    /// The page.
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

/// One part of a report. To add one: a file, and its name in `reportSections`.
protocol ReportSection: SendableMetatype {
    /// Its anchor on the page.
    static var id: String { get }
    /// Its heading.
    static var title: String { get }

    /// Its content; nil where there is nothing to show.
    static func body(_ report: Report) throws -> String?
}

/// All parts, in the order of the page.
let reportSections: [any ReportSection.Type] = [
    OutcomeSection.self, CurvesSection.self, ViewsSection.self, DiagnosisSection.self, SpectrumSection.self,
    GeometrySection.self, MapSection.self, NeighboursSection.self, ConfusionSection.self, PairsSection.self,
    ThroughputSection.self, QuarantineSection.self, ConfigurationSection.self,
]
