/// Nearly all samples have the same prototype.
enum UnusedPrototypes: Check {
    static let code = "unused_prototypes"
    static let scope = CheckScope.prevention

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let prevention = evidence.prevention, prevention.judged.contains(.prototypes),
            let use = evidence.prototypes
        else { return .clear }
        let holds = (use.largest >= Thresholds.largestPrototype) || (use.used < Thresholds.prototypesInUse)
        return holds.verdict(evidence) {
            Finding(
                code: code, severity: .critical, title: "Unused prototypes",
                numbers: [
                    NamedValue("prototypes_in_use", use.used), NamedValue("largest_prototype", use.largest),
                    NamedValue("mean_assignment_entropy", use.meanEntropy),
                    NamedValue("assignment_information", use.information),
                ],
                evidence:
                    "\(use.largest.value.percent) of the views are nearest to one of \(use.prototypes) prototypes, and "
                    + "\(use.used.value.percent) of those that these views could use are in use. "
                    + prevention.cause,
                remedy: prevention.remedy, paper: prevention.paper)
        }
    }
}
