/// Samples have copies among the others.
enum Duplicates: Check {
    static let code = "duplicates"

    static func judge(_ evidence: Evidence) -> Verdict {
        (evidence.twins >= Thresholds.twins).verdict(evidence) {
            Finding(
                code, .warning, "Duplicates",
                numbers: [NamedEstimate("anchors_with_twins", evidence.twins)],
                evidence: "\(evidence.twins.value.percent) of the samples have a negative that is as near as positives "
                    + "are, and only a few such: copies or near copies, which the loss pushes apart.",
                remedy: [
                    "# diptych scan IMAGES lists identical and similar files: keep one of each, and none in train and test"
                ],
                paper: "Chuang et al. 2020, arXiv 2007.00224")
        }
    }
}
