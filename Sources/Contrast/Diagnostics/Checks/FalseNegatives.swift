/// Much of what the loss pushes away belongs to the anchor's own class.
enum FalseNegatives: Check {
    static let code = "false_negatives"

    static func judge(_ evidence: Evidence) -> Verdict {
        guard let rate = evidence.collisions, let mass = evidence.sameClass else { return unlabelled(evidence) }
        let holds = (rate >= Thresholds.falseRate) && (mass >= Thresholds.falseMass)
        return holds.verdict(evidence) {
            finding(
                tauPlus: rate,
                numbers: [NamedEstimate("collision_rate", rate), NamedEstimate("same_class_mass", mass)],
                evidence:
                    "\(rate.value.percent) of the negatives have the anchor's class, and \(mass.value.percent) of "
                    + "the softmax over negatives falls on them; among 255 negatives "
                    + "\((255 * rate.value).rounded(to: 0)) are false, among 4095 \((4095 * rate.value).rounded(to: 0))."
            )
        }
    }

    /// Without labels, classes show only where they are so tight that likeness carries over from sample to sample.
    private static func unlabelled(_ evidence: Evidence) -> Verdict {
        let classes = Truth(evidence.transitivity >= Thresholds.transitivity)
        return (classes && (evidence.alike >= Thresholds.falseRate)).verdict(evidence) {
            finding(
                tauPlus: evidence.alike,
                numbers: [
                    NamedEstimate("transitivity", Estimate(evidence.transitivity)),
                    NamedEstimate("collision_rate", evidence.alike),
                ],
                evidence: "The samples fall into a few tight groups: what is like a third sample is alike in "
                    + "\(evidence.transitivity.percent) of the cases, and a group holds \(evidence.alike.value.percent) of "
                    + "the negatives of its members. Labels would settle whether these are classes.")
        }
    }

    private static func finding(tauPlus: Estimate, numbers: [NamedEstimate], evidence: String) -> Finding {
        let value = min(0.9, max(0.01, tauPlus.value)).rounded(to: 2)
        return Finding(
            code, .warning, "False negatives", numbers: numbers + [NamedEstimate("tau_plus", tauPlus)],
            evidence: evidence,
            remedy: [
                "method: {simclr: {loss: {debiased: {tau_plus: \(value)}}}}",
                "# or sup_con, where the labels may be used",
            ],
            paper: "Chuang et al. 2020, arXiv 2007.00224; Saunshi et al. 2019, arXiv 1902.09229")
    }
}
