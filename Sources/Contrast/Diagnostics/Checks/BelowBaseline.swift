/// A run that is not better than random weights, or than the weights that it started from, by its last probe.
enum BelowBaseline: Check {
    static let code = "below_baseline"
    static let scope = CheckScope.all

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let comparison = evidence.run?.comparison else { return .clear }
        let rivals = comparison.rivals.filter { $0.isRandom || $0.isStart }
        // The interval of the lead must lie above 0; the better of the two baselines counts.
        guard
            let rival = rivals.filter({ $0.linearProbeLead.low <= 0 }).max(by: { a, b in
                a.linearProbe.value < b.linearProbe.value
            })
        else { return .clear }
        let lead = rival.linearProbeLead
        let name = rival.isRandom ? "random weights" : "the weights that it started from"
        let isBelow = lead.high < 0
        let remedy =
            rival.isRandom
            ? [
                "# train for longer, and look at the findings above first",
                "training: {schedule: {cosine: {warmup_epochs: 1}}}   # and a third of the lr, and three times it",
            ]
            : [
                "training: {encoder: {lr: 0.1, layer_decay: 0.75}}   # the encoder learns more slowly than the head",
                "training: {encoder: {frozen_norm: true}}   # batch norm keeps the statistics of the start",
            ]
        return .found(
            Finding(
                code: code, severity: isBelow ? .critical : .warning,
                title: isBelow ? "Worse than \(name)" : "Not better than \(name)",
                numbers: [
                    NamedValue("linear_probe", comparison.linearProbe),
                    NamedValue("baseline_linear_probe", rival.linearProbe), NamedValue("lead", lead),
                ],
                evidence: "The linear probe gets \(comparison.linearProbe.value.percent), of \(name) "
                    + "\(rival.linearProbe.value.percent), on the same \(comparison.images) test images: "
                    + (isBelow
                        ? "training has made the features worse."
                        : "the difference is within what these images can tell."),
                remedy: remedy, paper: "Kornblith et al. 2019, arXiv 1805.08974; Efron 1979"))
    }
}
