/// The cosine sees less of what pairs share than a learnt critic does.
enum WeakCritic: Check {
    static let code = "weak_critic"

    static func judge(_ evidence: Evidence) -> Verdict {
        guard let gap = evidence.criticGap, let critic = evidence.critic else {
            return .undecided(
                "weak critic? \(evidence.pairs) pairs are too few to train another critic; \(CriticGap.minimum) are needed"
            )
        }
        // Where the cosine sees next to nothing, less is enough: the learnt critic doubles the bound.
        let doubles = (gap >= Thresholds.criticGapAtLeast) && (gap >= evidence.bestBound.value)
        return ((gap >= Thresholds.criticGap) || doubles).verdict(evidence) {
            Finding(
                code, .warning, "Weak critic",
                numbers: [NamedEstimate("critic_gap", gap), NamedEstimate("best_bound", evidence.bestBound)]
                    + evidence.criticGaps.map { NamedEstimate("critic_gap_\($0.kind.rawValue)", $0.gap) },
                evidence: "On held-out pairs \(critic.words) finds \(gap.value.rounded(to: 2)) nats more than the "
                    + "cosine at its best temperature: what the views share is not where the cosine looks.",
                remedy: ["method: {simclr: {loss: {info_nce: {critic: \(critic.rawValue)}}}}"],
                paper: "Poole et al. 2019, arXiv 1905.06922; Tschannen et al. 2020, arXiv 1907.13625")
        }
    }
}
