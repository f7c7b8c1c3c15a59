import Foundation

/// The bound is held down by its ceiling: with more candidates it would rise.
enum Saturation: Check {
    static let code = "saturated_bound"

    static func judge(_ evidence: Evidence) -> Verdict {
        guard evidence.pairs >= Thresholds.saturationPairs else {
            return .undecided(
                "saturated bound? \(evidence.pairs) pairs are too few for a curve; \(Thresholds.saturationPairs) are needed"
            )
        }
        return (evidence.slope >= Thresholds.saturationSlope).verdict(evidence) {
            let wanted = evidence.candidatesWanted
            let (low, high) = (evidence.slopeRange.lowerBound, evidence.slopeRange.upperBound)
            let there = evidence.curve.first { $0.candidates == high }?.bound ?? evidence.bound
            return Finding(
                code, .warning, "Saturated bound",
                numbers: [
                    NamedEstimate("bound", evidence.bound), NamedEstimate("ceiling", Estimate(evidence.ceiling)),
                    NamedEstimate("slope", evidence.slope), NamedEstimate("candidates_wanted", wanted),
                ],
                evidence: "From \(low) to \(high) candidates the bound gains \(evidence.slope.value.rounded(to: 2)) "
                    + "nats for each nat of log K and comes to \(there.value.rounded(to: 2)) of "
                    + "\(log(Double(high)).rounded(to: 2)) nats: the ceiling holds it, more negatives would pay.",
                remedy: ["training: {batch_size: \(Saturation.batch(wanted.value))}"],
                paper: "Poole et al. 2019, arXiv 1905.06922; Oord et al. 2018, arXiv 1807.03748")
        }
    }

    /// The power of two next above, no larger than one optimiser step can be expected to take.
    private static func batch(_ candidates: Double) -> Int {
        var batch = 256
        while Double(batch) < candidates, batch < 65_536 { batch *= 2 }
        return batch
    }
}

extension Evidence {
    /// The candidates at which the bound would gain a tenth of a nat for each nat of log K, at least.
    ///
    /// Negatives alike give `loss(K) = log(1 + (K - 1) / M)`, whose bound gains `M / (M + K)`; M is taken from the loss
    /// with all pairs. Unequal ones flatten later.
    public var candidatesWanted: Estimate {
        func wanted(_ loss: Double) -> Double { 9 * Double(pairs - 1) / max(Foundation.exp(max(loss, 0)) - 1, 1e-6) }
        return Estimate(wanted(loss.value), low: wanted(loss.high), high: wanted(loss.low))
    }
}
