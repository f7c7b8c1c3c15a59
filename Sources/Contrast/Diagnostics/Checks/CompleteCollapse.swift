/// All samples have the same embedding.
enum CompleteCollapse: Check {
    static let code = "complete_collapse"
    static let scope = CheckScope.pairs

    static func evaluate(_ evidence: Evidence) -> Verdict {
        (evidence.spread < Thresholds.collapseSpread).verdict(evidence) {
            Finding(
                code: code, severity: .critical, title: "Complete collapse",
                numbers: [
                    NamedValue("negative_distance", evidence.spread), NamedValue("loss", evidence.loss),
                    NamedValue("rank_me", evidence.spectrum.rankMe),
                ],
                evidence: "Different samples have a mean cosine of \((1 - evidence.spread.value).rounded(to: 5)): the "
                    + "encoder gives the same embedding for every image."
                    + (evidence.prevention.map { " \($0.cause)" } ?? ""),
                remedy: evidence.prevention?.remedy ?? [
                    "method: {simclr: {loss: {nt_xent: {normalize: true}}}}   # negatives keep embeddings apart",
                    "training: {schedule: {cosine: {warmup_epochs: 10}}}   # and halve the optimiser's lr",
                ],
                paper: evidence.prevention?.paper ?? "Jing et al. 2022, arXiv 2110.09348")
        }
    }
}
