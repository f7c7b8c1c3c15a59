/// Positives are hardly more similar than negatives, though not by chance alone: most of what a pair shares is gone.
enum StrongAugmentation: Check {
    static let code = "augmentation_too_strong"

    static func judge(_ evidence: Evidence) -> Verdict {
        // Within a cone the network has not learnt yet, and its similarities say little of the views.
        let little =
            (evidence.rank >= Thresholds.chanceRank) && (evidence.rank < Thresholds.strongRank)
            && (evidence.spread >= Thresholds.coneSpread)
        // A run at chance whose views do not even share colours had nothing to learn from.
        let nothing =
            evidence.run?.colourRetrieval.map { colours in
                (evidence.rank < Thresholds.chanceRank) && (colours < Thresholds.nothingShared)
            } ?? .no
        var numbers = [
            NamedEstimate("positive_beats_negative", evidence.rank), NamedEstimate("margin", evidence.margin),
            NamedEstimate("best_bound", evidence.bestBound),
        ]
        if let colours = evidence.run?.colourRetrieval { numbers.append(NamedEstimate("colour_retrieval", colours)) }
        return (little || nothing).verdict(evidence) {
            Finding(
                code, .critical, "Augmentation too strong",
                numbers: numbers,
                evidence: "A positive is more similar than \(evidence.rank.value.percent) of the negatives (50% is "
                    + "chance): the views share little that tells one sample from another.",
                remedy: [
                    "views:",
                    "  branches:",
                    "    - count: 2",
                    "      steps:",
                    "        - resized_crop: {scale: [0.4, 1.0]}   # crops that overlap more",
                    "        - horizontal_flip",
                    "        - color_jitter: {brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8}",
                ],
                paper: "Tian et al. 2020, arXiv 2005.10243")
        }
    }
}
