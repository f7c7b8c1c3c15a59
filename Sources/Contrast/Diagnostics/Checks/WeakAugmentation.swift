/// Too little differs between the views of a sample: they have one embedding, or can be matched by colours or by layout alone.
enum WeakAugmentation: Check {
    static let code = "augmentation_too_weak"

    static func judge(_ evidence: Evidence) -> Verdict {
        // |zi - zj|^2 of negatives is 2 (1 - cos) on average.
        let scale = 2 * max(evidence.spread.value, 1e-9)
        let ratio = evidence.alignment.map { $0 / scale }
        let identical = ratio < Thresholds.identical
        let colours = evidence.run?.colourRetrieval
        let layout = evidence.run?.positionRetrieval
        let byColour = colours.map { $0 >= Thresholds.colourRetrieval } ?? .no
        let byPosition = layout.map { $0 >= Thresholds.positionRetrieval } ?? .no
        var numbers = [
            NamedEstimate("alignment", evidence.alignment), NamedEstimate("positive_over_negative_distance", ratio),
            NamedEstimate("retrieval", evidence.retrieval),
        ]
        if let colours { numbers.append(NamedEstimate("colour_retrieval", colours)) }
        if let layout { numbers.append(NamedEstimate("position_retrieval", layout)) }
        var reasons: [String] = []
        if identical != .no {
            reasons.append(
                "The two views of a sample lie \(ratio.value.percent) as far apart (squared) as different samples do: "
                    + "telling pairs needs nothing that is worth learning.")
        }
        if let colours, byColour != .no {
            reasons.append(
                "Colour histograms alone match \(colours.value.percent) of 256 view pairs: the encoder can lower its "
                    + "loss without seeing shapes.")
        }
        if let layout, byPosition != .no {
            reasons.append(
                "Where light and dark lie, in a grid of 4 x 4, alone matches \(layout.value.percent) of 256 view pairs: "
                    + "the views are hardly moved against each other, and places tell them.")
        }
        return (identical || byColour || byPosition).verdict(evidence) {
            Finding(
                code, .warning, "Augmentation too weak", numbers: numbers, evidence: reasons.joined(separator: " "),
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
