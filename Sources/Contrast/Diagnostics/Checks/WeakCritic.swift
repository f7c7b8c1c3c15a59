/// The cosine finds less shared information in pairs than a trained critic does.
enum WeakCritic: Check {
    static let code = "weak_critic"

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let gap = evidence.criticGap, let critic = evidence.critic else {
            return .undecided(
                "weak critic? \(evidence.pairs) pairs are too few to train another critic, which needs "
                    + "\(CriticGap.minimum)")
        }
        // If the cosine finds very little, a smaller gain is enough: the trained critic doubles the bound.
        let doubles = (gap >= Thresholds.criticGapAtLeast) && (gap >= evidence.bestBound.value)
        return ((gap >= Thresholds.criticGap) || doubles).verdict(evidence) {
            Finding(
                code: code, severity: .warning, title: "Weak critic",
                numbers: [NamedValue("critic_gap", gap), NamedValue("best_bound", evidence.bestBound)]
                    + evidence.criticGaps.map { NamedValue("critic_gap_\($0.kind.rawValue)", $0.gap) },
                evidence: "On held-out pairs \(critic.title) finds \(gap.value.rounded(to: 2)) nats more than the "
                    + "cosine at its best temperature: the cosine misses what the views share.",
                remedy: ["method: {simclr: {loss: {info_nce: {critic: \(critic.rawValue)}}}}"],
                paper: "Poole et al. 2019, arXiv 1905.06922; Tschannen et al. 2020, arXiv 1907.13625")
        }
    }
}
