/// The temperature is so large that all negatives weigh the same.
enum LargeTemperature: Check {
    static let code = "temperature_too_large"

    static func judge(_ evidence: Evidence) -> Verdict {
        guard evidence.temperatureIsKnown else { return .clear }
        let flat = evidence.effective.map { $0 / Double(evidence.pairs - 1) }
        let share = evidence.bound.map { $0 / evidence.ceiling }
        let gap = Estimate(
            evidence.bestBound.value - evidence.bound.value, low: evidence.bestBound.low - evidence.bound.high,
            high: evidence.bestBound.high - evidence.bound.low)
        let holds =
            (flat >= Thresholds.flatShare) && (share < Thresholds.flatBound) && (gap >= Thresholds.temperatureGap)
            && (gap >= evidence.bound.value)
        return holds.verdict(evidence) {
            Finding(
                code, .warning, "Temperature too large",
                numbers: [
                    NamedEstimate("effective_share", flat), NamedEstimate("bound", evidence.bound),
                    NamedEstimate("best_bound", evidence.bestBound),
                ],
                evidence:
                    "At temperature \(evidence.temperatureWords) \(flat.value.percent) of the negatives "
                    + "count alike, and the bound is \(evidence.bound.value.rounded(to: 2)) nats; the same embeddings "
                    + "give \(evidence.bestBound.value.rounded(to: 2)) at \(evidence.bestTemperature.rounded(to: 3)).",
                remedy: [
                    "method: {simclr: {loss: {nt_xent: {temperature: \(min(0.5, max(0.05, evidence.bestTemperature)).rounded(to: 2))}}}}"
                ],
                paper: "Wang & Liu 2021, arXiv 2012.09740")
        }
    }
}
