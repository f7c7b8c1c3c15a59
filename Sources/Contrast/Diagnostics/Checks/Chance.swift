/// The loss sits at log(candidates): nothing that tells pairs from others is in the scores.
enum Chance: Check {
    static let code = "chance"

    static func judge(_ evidence: Evidence) -> Verdict {
        if evidence.temperatureIsToBlame { return .clear }
        let unrelated = evidence.rank < Thresholds.chanceRank
        let share = evidence.bound.map { $0 / evidence.ceiling }
        let cone =
            (share < Thresholds.chanceBound) && (evidence.margin < Thresholds.coneMargin)
            && (evidence.spread < Thresholds.coneSpread)
        return (unrelated || cone).verdict(evidence) {
            Finding(
                code, .critical, "Loss at chance",
                numbers: [
                    NamedEstimate("loss", evidence.loss), NamedEstimate("ceiling", Estimate(evidence.ceiling)),
                    NamedEstimate("positive_beats_negative", evidence.rank), NamedEstimate("margin", evidence.margin),
                ],
                evidence: "The loss is \(evidence.loss.value.rounded(to: 3)) of log \(evidence.pairs) = "
                    + "\(evidence.ceiling.rounded(to: 3)) nats, "
                    + (unrelated == .yes
                        ? "and a positive beats \(evidence.rank.value.percent) of the negatives, where 50% is chance: "
                            + "nothing is learnt yet, or row i of the two views is not the same sample."
                        : "although pairs can be told by rank: all embeddings lie within a cone, and scores differ too "
                            + "little at temperature \(evidence.temperatureWords)."),
                remedy: [
                    "method: {simclr: {loss: {nt_xent: {normalize: true, temperature: 0.2}}}}",
                    "training: {schedule: {cosine: {warmup_epochs: 1}}}   # and try ten times the optimiser's lr, and a tenth",
                ],
                paper: "Chen et al. 2020, arXiv 2002.05709; Oord et al. 2018, arXiv 1807.03748")
        }
    }
}
