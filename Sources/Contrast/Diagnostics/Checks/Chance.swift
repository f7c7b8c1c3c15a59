/// The loss is at log(candidates): the scores do not tell positives from negatives.
enum Chance: Check {
    static let code = "chance"

    static func evaluate(_ evidence: Evidence) -> Verdict {
        if evidence.temperatureIsToBlame { return .clear }
        let unrelated = evidence.rank < Thresholds.chanceRank
        let share = evidence.bound.map { $0 / evidence.ceiling }
        let cone =
            (share < Thresholds.chanceBound) && (evidence.margin < Thresholds.coneMargin)
            && (evidence.spread < Thresholds.coneSpread)
        return (unrelated || cone).verdict(evidence) {
            Finding(
                code: code, severity: .critical, title: "Loss at chance",
                numbers: [
                    NamedValue("loss", evidence.loss), NamedValue("ceiling", Measured(evidence.ceiling)),
                    NamedValue("positive_beats_negative", evidence.rank), NamedValue("margin", evidence.margin),
                ],
                evidence: "The loss is \(evidence.loss.value.rounded(to: 3)) of log \(evidence.pairs) = "
                    + "\(evidence.ceiling.rounded(to: 3)) nats, "
                    + (unrelated == .yes
                        ? "and a positive beats \(evidence.rank.value.percent) of the negatives (chance is 50%): "
                            + "nothing is learned yet, or row i of the two views is not the same sample."
                        : "although positives rank above negatives: all embeddings lie in a narrow cone, and scores "
                            + "differ too little at temperature \(evidence.temperatureText)."),
                remedy: [
                    "method: {simclr: {loss: {nt_xent: {normalize: true, temperature: 0.2}}}}",
                    "training: {schedule: {cosine: {warmup_epochs: 1}}}   # and try ten times the optimiser's lr, and a tenth",
                ],
                paper: "Chen et al. 2020, arXiv 2002.05709; Oord et al. 2018, arXiv 1807.03748")
        }
    }
}
