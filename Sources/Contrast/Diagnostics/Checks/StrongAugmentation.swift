/// Positives are only slightly more similar than negatives: augmentation destroys most of what a pair shares.
enum StrongAugmentation: Check {
    static let code = "augmentation_too_strong"
    static let scope = CheckScope.pairs

    static func evaluate(_ evidence: Evidence) -> Verdict {
        // While embeddings lie in a cone the network has not learned yet, and similarities say little about the views.
        let little =
            (evidence.rank >= Thresholds.chanceRank) && (evidence.rank < Thresholds.strongRank)
            && (evidence.spread >= Thresholds.coneSpread)
        // If a run is at chance and its views do not even share colours, there was nothing to learn.
        let nothing =
            evidence.run?.colourRetrieval.map { colours in
                (evidence.rank < Thresholds.chanceRank) && (colours < Thresholds.nothingShared)
            } ?? .no
        var numbers = [
            NamedValue("positive_beats_negative", evidence.rank), NamedValue("margin", evidence.margin),
            NamedValue("best_bound", evidence.bestBound),
        ]
        if let colours = evidence.run?.colourRetrieval { numbers.append(NamedValue("colour_retrieval", colours)) }
        return (little || nothing).verdict(evidence) {
            Finding(
                code: code, severity: .critical, title: "Augmentation too strong",
                numbers: numbers,
                evidence: "A positive is more similar than \(evidence.rank.value.percent) of the negatives (chance is "
                    + "50%): the views of a sample share little that distinguishes it from others.",
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
