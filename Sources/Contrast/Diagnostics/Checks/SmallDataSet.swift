/// A batch is a large part of all images.
enum SmallDataSet: Check {
    static let code = "small_data_set"

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let run = evidence.run, Double(run.images) < Thresholds.batches * Double(run.batchSize) else {
            return .clear
        }
        var batch = 2
        while Double(batch * 2) * Thresholds.batches <= Double(run.images) { batch *= 2 }
        return .found(
            Finding(
                code: code, severity: .warning, title: "Batch too large for the data set",
                numbers: [
                    NamedValue("images", Measured(Double(run.images))),
                    NamedValue("batch_size", Measured(Double(run.batchSize))),
                ],
                evidence:
                    "\(run.images) images give \(run.images / max(run.batchSize, 1)) steps an epoch: an anchor meets "
                    + "the same negatives in every epoch.",
                remedy: ["training: {batch_size: \(batch)}", "# and more epochs"],
                paper: "Chen et al. 2020, arXiv 2002.05709, figure 9"))
    }
}
