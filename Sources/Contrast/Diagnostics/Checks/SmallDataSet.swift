/// A batch is a large part of all images.
enum SmallDataSet: Check {
    static let code = "small_data_set"

    static func judge(_ evidence: Evidence) -> Verdict {
        guard let run = evidence.run, Double(run.images) < Thresholds.batches * Double(run.batchSize) else {
            return .clear
        }
        var batch = 2
        while Double(batch * 2) * Thresholds.batches <= Double(run.images) { batch *= 2 }
        return .found(
            Finding(
                code, .warning, "Batch too large for the data set",
                numbers: [
                    NamedEstimate("images", Estimate(Double(run.images))),
                    NamedEstimate("batch_size", Estimate(Double(run.batchSize))),
                ],
                evidence:
                    "\(run.images) images give \(run.images / max(run.batchSize, 1)) steps a pass: every anchor meets "
                    + "the same negatives again and again.",
                remedy: ["training: {batch_size: \(batch)}", "# and more epochs"],
                paper: "Chen et al. 2020, arXiv 2002.05709, figure 9"))
    }
}
