/// The embeddings lie in a small subspace.
enum DimensionalCollapse: Check {
    static let code = "dimensional_collapse"

    static func judge(_ evidence: Evidence) -> Verdict {
        let usable = Double(min(evidence.dimension, evidence.pairs - 1, 128))
        // In a handful of dimensions there is nothing to collapse into.
        guard usable >= 16 else { return .clear }
        let ratio = evidence.spectrum.effectiveRank.map { $0 / usable.squareRoot() }
        let share = evidence.spectrum.rankMe.map { $0 / usable }
        return ((ratio < Thresholds.rankOverRoot) && (share < Thresholds.rankMeShare)).verdict(evidence) {
            Finding(
                code, .warning, "Dimensional collapse",
                numbers: [
                    NamedEstimate("effective_rank", evidence.spectrum.effectiveRank),
                    NamedEstimate("rank_me", evidence.spectrum.rankMe),
                    NamedEstimate("participation_ratio", evidence.spectrum.participation),
                ],
                evidence: "Of \(evidence.dimension) dimensions the embeddings use "
                    + "\(evidence.spectrum.effectiveRank.value.rounded(to: 1)) (effective rank)"
                    + (evidence.run?.encoderRank.map { "; the encoder's features before the head \($0)." } ?? "."),
                remedy: [
                    "method: {simclr: {head: {mlp: {layers: 2}}}}   # a head with a hidden layer takes the collapse on itself",
                    "# weaken the augmentation whose effect is as large as the differences between pictures",
                ],
                paper: "Jing et al. 2022, arXiv 2110.09348; Garrido et al. 2023, arXiv 2210.02885")
        }
    }
}
