/// The dimensions of embeddings repeat each other.
enum RedundantDimensions: Check {
    static let code = "redundant_dimensions"
    static let scope = CheckScope.prevention

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let prevention = evidence.prevention, prevention.judged.contains(.redundancy) else { return .clear }
        let redundancy = evidence.moments.redundancy
        return (redundancy >= Thresholds.redundancy).verdict(evidence) {
            Finding(
                code: code, severity: .critical, title: "Redundant dimensions",
                numbers: [
                    NamedValue("redundancy", redundancy),
                    NamedValue("effective_rank", evidence.spectrum.effectiveRank),
                ],
                evidence:
                    "Two dimensions have a squared correlation of \(redundancy.value.rounded(to: 2)) on average, so "
                    + "\(evidence.dimension) dimensions say what about \((1 / redundancy.value).rounded(to: 0)) could. "
                    + prevention.cause,
                remedy: prevention.remedy, paper: prevention.paper)
        }
    }
}
