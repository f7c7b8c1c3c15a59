/// Samples have copies among the other samples.
enum Duplicates: Check {
    static let code = "duplicates"

    static func evaluate(_ evidence: Evidence) -> Verdict {
        (evidence.twins >= Thresholds.twins).verdict(evidence) {
            Finding(
                code: code, severity: .warning, title: "Duplicates",
                numbers: [NamedValue("anchors_with_twins", evidence.twins)],
                evidence: "\(evidence.twins.value.percent) of the samples have one or a few negatives as close as a "
                    + "positive: copies or near copies, which the loss pushes apart.",
                remedy: [
                    "# diptych scan IMAGES lists identical and similar files: keep one of each, in train or in test"
                ],
                paper: "Chuang et al. 2020, arXiv 2007.00224")
        }
    }
}
