/// The temperature is so small that a few negatives carry the whole gradient.
enum SmallTemperature: Check {
    static let code = "temperature_too_small"

    static func judge(_ evidence: Evidence) -> Verdict {
        guard evidence.temperatureIsKnown else { return .clear }
        let holds =
            (evidence.effective < Thresholds.fewNegatives) && (evidence.scoreDeviation >= Thresholds.scoreDeviation)
        return holds.verdict(evidence) {
            Finding(
                code, .warning, "Temperature too small",
                numbers: [
                    NamedEstimate("effective_negatives", evidence.effective),
                    NamedEstimate("hardest_percent_mass", evidence.hardest),
                    NamedEstimate("score_deviation", evidence.scoreDeviation),
                ],
                evidence: "At temperature \(evidence.temperature.rounded(to: 3)) the negatives count as "
                    + "\(evidence.effective.value.rounded(to: 1)) of \(evidence.pairs - 1), and the hardest 1% carry "
                    + "\(evidence.hardest.value.percent): the gradient is that of a few, and pushes apart what is alike."
                    + evidence.gradientWords,
                remedy: [
                    "method: {simclr: {loss: {nt_xent: {temperature: "
                        + "\(max(0.1, evidence.bestTemperature).rounded(to: 2))}}}}"
                ],
                paper: "Wang & Liu 2021, arXiv 2012.09740")
        }
    }
}
