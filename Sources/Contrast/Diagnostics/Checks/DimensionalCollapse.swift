/// The embeddings lie in a small subspace.
enum DimensionalCollapse: Check {
    static let code = "dimensional_collapse"
    static let scope = CheckScope.pairs

    static func evaluate(_ evidence: Evidence) -> Verdict {
        let usable = Double(min(evidence.dimension, evidence.pairs - 1, 128))
        // A few dimensions cannot collapse.
        guard usable >= 16 else { return .clear }
        let ratio = evidence.spectrum.effectiveRank.map { $0 / usable.squareRoot() }
        let share = evidence.spectrum.rankMe.map { $0 / usable }
        return ((ratio < Thresholds.rankOverRoot) && (share < Thresholds.rankMeShare)).verdict(evidence) {
            Finding(
                code: code, severity: .warning, title: "Dimensional collapse",
                numbers: [
                    NamedValue("effective_rank", evidence.spectrum.effectiveRank),
                    NamedValue("rank_me", evidence.spectrum.rankMe),
                    NamedValue("participation_ratio", evidence.spectrum.participation),
                ],
                evidence: "The embeddings use \(evidence.spectrum.effectiveRank.value.rounded(to: 1)) of "
                    + "\(evidence.dimension) dimensions (effective rank)"
                    + (evidence.run?.encoderRank.map { "; the encoder's features use \($0)." } ?? ".")
                    + (evidence.prevention.map { " \($0.cause)" } ?? ""),
                remedy: evidence.prevention?.remedy ?? [
                    "method: {simclr: {head: {mlp: {layers: 2}}}}   # then the head collapses instead of the encoder",
                    "# weaken the augmentation that changes an image as much as another image differs",
                ],
                paper: "Jing et al. 2022, arXiv 2110.09348; Garrido et al. 2023, arXiv 2210.02885")
        }
    }
}
