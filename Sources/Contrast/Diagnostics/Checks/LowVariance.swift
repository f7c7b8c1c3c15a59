/// The dimensions of embeddings vary too little from sample to sample.
enum LowVariance: Check {
    static let code = "low_variance"
    static let scope = CheckScope.prevention

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let prevention = evidence.prevention else { return .clear }
        let moments = evidence.moments
        let scaled = prevention.judged.contains(.scale) ? moments.std < Thresholds.lowStd : .no
        let narrow = moments.unitStd < Thresholds.lowUnitStd
        return (scaled || narrow).verdict(evidence) {
            let what =
                scaled == .yes
                ? "A dimension's standard deviation is \(moments.std.value.rounded(to: 3)) on average, where the loss "
                    + "demands 1. "
                : "On the unit sphere a dimension's standard deviation is \(moments.unitStd.value.rounded(to: 3)) of "
                    + "that of directions that are spread evenly. "
            return Finding(
                code: code, severity: .critical, title: "Low variance",
                numbers: [
                    NamedValue("embedding_std", moments.std), NamedValue("unit_std", moments.unitStd),
                    NamedValue("negative_distance", evidence.spread),
                ],
                evidence: what + prevention.cause, remedy: prevention.remedy, paper: prevention.paper)
        }
    }
}
