/// The temperature is so small that a few negatives carry the whole gradient.
enum SmallTemperature: Check {
    static let code = "temperature_too_small"

    static func judge(_ evidence: Evidence) -> Verdict {
        guard evidence.temperatureIsKnown else { return .clear }
        let blamed = evidence.temperatureIsToBlame
        let holds =
            (evidence.effective < Thresholds.fewNegatives) && (evidence.scoreDeviation >= Thresholds.scoreDeviation)
        let loss =
            "The loss is \(evidence.loss.value.rounded(to: 3)), far above log \(evidence.pairs) = "
            + "\(evidence.ceiling.rounded(to: 3)) nats, where nothing is told apart: cosines are divided by too small a "
            + "temperature. "
        return (blamed ? .yes : holds).verdict(evidence) {
            Finding(
                code, blamed ? .critical : .warning, "Temperature too small",
                numbers: [
                    NamedEstimate("loss", evidence.loss), NamedEstimate("ceiling", Estimate(evidence.ceiling)),
                    NamedEstimate("effective_negatives", evidence.effective),
                    NamedEstimate("hardest_percent_mass", evidence.hardest),
                    NamedEstimate("score_deviation", evidence.scoreDeviation),
                ],
                evidence: (blamed ? loss : "") + "At temperature \(evidence.temperatureWords) the negatives count as "
                    + "\(evidence.effective.value.rounded(to: 1)) of \(evidence.pairs - 1), and the hardest 1% carry "
                    + "\(evidence.hardest.value.percent): the gradient is that of a few, and pushes apart what is alike."
                    + evidence.gradientWords,
                remedy: [
                    "method: {simclr: {loss: {nt_xent: {temperature: "
                        + "\(min(0.5, max(0.1, evidence.bestTemperature)).rounded(to: 2))}}}}"
                ],
                paper: "Wang & Liu 2021, arXiv 2012.09740")
        }
    }
}

extension Evidence {
    /// Whether the loss is so far above chance that only the temperature explains it.
    var temperatureIsToBlame: Bool {
        guard temperatureIsKnown, loss.low >= Thresholds.lossOverCeiling * ceiling else { return false }
        return temperature < Thresholds.tinyTemperature || rank.value >= Thresholds.chanceRank
    }

    /// The temperature with the digits that it has.
    var temperatureWords: String { temperature < 0.01 ? "\(temperature)" : temperature.rounded(to: 3) }
}
