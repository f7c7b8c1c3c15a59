/// The temperature is so small that a few negatives dominate the gradient.
enum SmallTemperature: Check {
    static let code = "temperature_too_small"

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard evidence.temperatureIsKnown else { return .clear }
        let blamed = evidence.temperatureIsToBlame
        let holds =
            (evidence.effective < Thresholds.fewNegatives) && (evidence.scoreStd >= Thresholds.scoreStd)
        let loss =
            "The loss is \(evidence.loss.value.rounded(to: 3)), far above log \(evidence.pairs) = "
            + "\(evidence.ceiling.rounded(to: 3)) nats, which is chance: the temperature that divides the cosines is "
            + "too small. "
        return (blamed ? .yes : holds).verdict(evidence) {
            Finding(
                code: code, severity: blamed ? .critical : .warning, title: "Temperature too small",
                numbers: [
                    NamedValue("loss", evidence.loss), NamedValue("ceiling", Measured(evidence.ceiling)),
                    NamedValue("effective_negatives", evidence.effective),
                    NamedValue("hardest_percent_mass", evidence.hardest),
                    NamedValue("score_deviation", evidence.scoreStd),
                ],
                evidence: (blamed ? loss : "") + "At temperature \(evidence.temperatureText) only "
                    + "\(evidence.effective.value.rounded(to: 1)) of \(evidence.pairs - 1) negatives are effective, and "
                    + "the hardest 1% have \(evidence.hardest.value.percent) of the weight: a few negatives dominate "
                    + "the gradient, which pushes similar samples apart." + evidence.gradientText,
                remedy: [
                    "method: {simclr: {loss: {nt_xent: {temperature: "
                        + "\(min(0.5, max(0.1, evidence.bestTemperature)).rounded(to: 2))}}}}"
                ],
                paper: "Wang & Liu 2021, arXiv 2012.09740")
        }
    }
}

extension Evidence {
    /// Whether the loss is so far above chance that the temperature must be the cause.
    var temperatureIsToBlame: Bool {
        guard temperatureIsKnown, loss.low >= Thresholds.lossOverCeiling * ceiling else { return false }
        return temperature < Thresholds.tinyTemperature || rank.value >= Thresholds.chanceRank
    }

    /// The temperature with three digits after the point, or all if it is small.
    var temperatureText: String { temperature < 0.01 ? "\(temperature)" : temperature.rounded(to: 3) }
}
