/// Too little differs between the views of a sample: they have one embedding, or can be matched by colours alone.
enum WeakAugmentation: Check {
    static let code = "augmentation_too_weak"

    static func judge(_ evidence: Evidence) -> Verdict {
        // |zi - zj|^2 of negatives is 2 (1 - cos) on average.
        let scale = 2 * max(evidence.spread.value, 1e-9)
        let ratio = evidence.alignment.map { $0 / scale }
        let identical = ratio < Thresholds.identical
        let colours = evidence.run?.colourRetrieval
        let shortcut = colours.map { $0 >= Thresholds.colourRetrieval } ?? .no
        var numbers = [
            NamedEstimate("alignment", evidence.alignment), NamedEstimate("positive_over_negative_distance", ratio),
            NamedEstimate("retrieval", evidence.retrieval),
        ]
        if let colours { numbers.append(NamedEstimate("colour_retrieval", colours)) }
        return (identical || shortcut).verdict(evidence) {
            Finding(
                code, .warning, "Augmentation too weak", numbers: numbers,
                evidence: identical != .no
                    ? "The two views of a sample lie \(ratio.value.percent) as far apart (squared) as different samples "
                        + "do: telling pairs needs nothing that is worth learning."
                    : "Colour histograms alone match \((colours?.value ?? 0).percent) of 256 view pairs: the encoder can "
                        + "lower its loss without seeing shapes.",
                remedy: [
                    "views:",
                    "  branches:",
                    "    - count: 2",
                    "      steps:",
                    "        - resized_crop: {scale: [0.2, 1.0]}",
                    "        - horizontal_flip",
                    "        - color_jitter: {brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8}",
                    "        - grayscale: {p: 0.2}",
                ],
                paper: "Tian et al. 2020, arXiv 2005.10243; Chen et al. 2020, arXiv 2002.05709")
        }
    }
}
