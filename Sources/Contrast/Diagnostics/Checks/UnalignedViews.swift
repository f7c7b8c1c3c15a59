/// The two views of a sample are hardly more similar than views of different samples.
enum UnalignedViews: Check {
    static let code = "unaligned_views"
    static let scope = CheckScope.prevention

    static func evaluate(_ evidence: Evidence) -> Verdict {
        (evidence.rank < Thresholds.chanceRank).verdict(evidence) {
            Finding(
                code: code, severity: .critical, title: "Views are not aligned",
                numbers: [
                    NamedValue("alignment", evidence.alignment), NamedValue("positive_beats_negative", evidence.rank),
                    NamedValue("margin", evidence.margin),
                ],
                evidence: "A view is more similar to the other view of its image than to "
                    + "\(evidence.rank.value.percent) of the other images' (chance is 50%): nothing is learned yet, or "
                    + "row i of the two views is not the same sample.",
                remedy: [
                    "training: {schedule: {cosine: {warmup_epochs: 1}}}   # and try ten times the optimiser's lr, and a tenth"
                ],
                paper: "Wang & Isola 2020, arXiv 2005.10242")
        }
    }
}
