/// The temperature is so large that all negatives have the same weight.
enum LargeTemperature: Check {
    static let code = "temperature_too_large"

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard evidence.temperatureIsKnown else { return .clear }
        let flat = evidence.effective.map { $0 / Double(evidence.pairs - 1) }
        let share = evidence.bound.map { $0 / evidence.ceiling }
        let gap = Measured(
            evidence.bestBound.value - evidence.bound.value, low: evidence.bestBound.low - evidence.bound.high,
            high: evidence.bestBound.high - evidence.bound.low)
        let holds =
            (flat >= Thresholds.flatShare) && (share < Thresholds.flatBound) && (gap >= Thresholds.temperatureGap)
            && (gap >= evidence.bound.value)
        return holds.verdict(evidence) {
            Finding(
                code: code, severity: .warning, title: "Temperature too large",
                numbers: [
                    NamedValue("effective_share", flat), NamedValue("bound", evidence.bound),
                    NamedValue("best_bound", evidence.bestBound),
                ],
                evidence:
                    "At temperature \(evidence.temperatureText), \(flat.value.percent) of the negatives have equal "
                    + "weight, and the bound is \(evidence.bound.value.rounded(to: 2)) nats; at temperature "
                    + "\(evidence.bestTemperature.rounded(to: 3)) the same embeddings give "
                    + "\(evidence.bestBound.value.rounded(to: 2)).",
                remedy: [
                    "method: {simclr: {loss: {nt_xent: {temperature: "
                        + "\(min(0.5, max(0.05, evidence.bestTemperature)).rounded(to: 2))}}}}"
                ],
                paper: "Wang & Liu 2021, arXiv 2012.09740")
        }
    }
}
