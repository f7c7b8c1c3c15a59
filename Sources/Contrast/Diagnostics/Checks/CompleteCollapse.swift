/// All samples have one embedding.
enum CompleteCollapse: Check {
    static let code = "complete_collapse"

    static func judge(_ evidence: Evidence) -> Verdict {
        (evidence.spread < Thresholds.collapseSpread).verdict(evidence) {
            Finding(
                code, .critical, "Complete collapse",
                numbers: [
                    NamedEstimate("negative_distance", evidence.spread), NamedEstimate("loss", evidence.loss),
                    NamedEstimate("rank_me", evidence.spectrum.rankMe),
                ],
                evidence: "Different samples have a mean cosine of \((1 - evidence.spread.value).rounded(to: 5)): the "
                    + "encoder gives one point whatever the picture is.",
                remedy: [
                    "method: {simclr: {loss: {nt_xent: {normalize: true}}}}   # negatives keep rows apart",
                    "training: {schedule: {cosine: {warmup_epochs: 10}}}   # and halve the optimiser's lr",
                ],
                paper: "Jing et al. 2022, arXiv 2110.09348")
        }
    }
}
