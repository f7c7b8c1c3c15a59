import Foundation

/// The bound is limited by its ceiling: it would rise with more candidates.
enum Saturation: Check {
    static let code = "saturated_bound"

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard evidence.pairs >= Thresholds.saturationPairs else {
            return .undecided(
                "saturated bound? \(evidence.pairs) pairs are too few for a curve, which needs "
                    + "\(Thresholds.saturationPairs)")
        }
        return (evidence.slope >= Thresholds.saturationSlope).verdict(evidence) {
            let wanted = evidence.candidatesWanted
            let (low, high) = (evidence.slopeRange.lowerBound, evidence.slopeRange.upperBound)
            let bound = evidence.curve.first { $0.candidates == high }?.bound ?? evidence.bound
            return Finding(
                code: code, severity: .warning, title: "Saturated bound",
                numbers: [
                    NamedValue("bound", evidence.bound), NamedValue("ceiling", Measured(evidence.ceiling)),
                    NamedValue("slope", evidence.slope), NamedValue("candidates_wanted", wanted),
                ],
                evidence: "From \(low) to \(high) candidates the bound gains \(evidence.slope.value.rounded(to: 2)) "
                    + "nats for each nat of log K and reaches \(bound.value.rounded(to: 2)) of "
                    + "\(log(Double(high)).rounded(to: 2)) nats: the ceiling limits it, and more negatives would raise it.",
                remedy: ["training: {batch_size: \(Saturation.batch(wanted.value))}"],
                paper: "Poole et al. 2019, arXiv 1905.06922; Oord et al. 2018, arXiv 1807.03748")
        }
    }

    /// The next power of two, within the batches that are feasible.
    private static func batch(_ candidates: Double) -> Int {
        var batch = 256
        while Double(batch) < candidates, batch < 65_536 { batch *= 2 }
        return batch
    }
}

extension Evidence {
    /// The number of candidates up to which the bound gains at least a tenth of a nat for each nat of log K.
    ///
    /// If all negatives are alike, `loss(K) = log(1 + (K - 1) / M)`, and the bound gains `M / (M + K)`. M follows from
    /// the loss with all pairs. With unequal negatives the bound flattens later.
    public var candidatesWanted: Measured {
        func wanted(_ loss: Double) -> Double { 9 * Double(pairs - 1) / max(Foundation.exp(max(loss, 0)) - 1, 1e-6) }
        return Measured(wanted(loss.value), low: wanted(loss.high), high: wanted(loss.low))
    }
}
