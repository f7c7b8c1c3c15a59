/// Many negatives belong to the anchor's own class.
enum FalseNegatives: Check {
    static let code = "false_negatives"

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let rate = evidence.collisions, let mass = evidence.sameClass else { return unlabelled(evidence) }
        let holds = (rate >= Thresholds.falseRate) && (mass >= Thresholds.falseMass)
        return holds.verdict(evidence) {
            finding(
                tauPlus: rate,
                numbers: [NamedValue("collision_rate", rate), NamedValue("same_class_mass", mass)],
                evidence:
                    "\(rate.value.percent) of the negatives have the anchor's class and get \(mass.value.percent) of "
                    + "the softmax over negatives: \((255 * rate.value).rounded(to: 0)) of 255 negatives are false, "
                    + "and \((4095 * rate.value).rounded(to: 0)) of 4095."
            )
        }
    }

    /// Without labels, classes are visible only if they are so tight that similarity is transitive.
    private static func unlabelled(_ evidence: Evidence) -> Verdict {
        let classes = Truth(evidence.transitivity >= Thresholds.transitivity)
        return (classes && (evidence.alike >= Thresholds.falseRate)).verdict(evidence) {
            finding(
                tauPlus: evidence.alike,
                numbers: [
                    NamedValue("transitivity", Measured(evidence.transitivity)),
                    NamedValue("collision_rate", evidence.alike),
                ],
                evidence:
                    "The samples form a few tight groups: two samples that are similar to a third one are similar "
                    + "to each other in \(evidence.transitivity.percent) of the cases, and a group has "
                    + "\(evidence.alike.value.percent) of its members' negatives. Only labels can tell whether these "
                    + "are classes.")
        }
    }

    private static func finding(tauPlus: Measured, numbers: [NamedValue], evidence: String) -> Finding {
        let value = min(0.9, max(0.01, tauPlus.value)).rounded(to: 2)
        return Finding(
            code: code, severity: .warning, title: "False negatives",
            numbers: numbers + [NamedValue("tau_plus", tauPlus)],
            evidence: evidence,
            remedy: [
                "method: {simclr: {loss: {debiased: {tau_plus: \(value)}}}}",
                "# or sup_con, if the labels may be used",
            ],
            paper: "Chuang et al. 2020, arXiv 2007.00224; Saunshi et al. 2019, arXiv 1902.09229")
    }
}
