/// The views of a sample differ too little: their embeddings are equal, or colours or layout alone match them.
enum WeakAugmentation: Check {
    static let code = "augmentation_too_weak"
    static let scope = CheckScope.pairs

    static func evaluate(_ evidence: Evidence) -> Verdict {
        // |zi - zj|^2 of negatives is 2 (1 - cos) on average.
        let scale = 2 * max(evidence.spread.value, 1e-9)
        let ratio = evidence.alignment.map { $0 / scale }
        let identical = ratio < Thresholds.identical
        let colours = evidence.run?.colourRetrieval
        let layout = evidence.run?.positionRetrieval
        let byColour = colours.map { $0 >= Thresholds.colourRetrieval } ?? .no
        let byPosition = layout.map { $0 >= Thresholds.positionRetrieval } ?? .no
        var numbers = [
            NamedValue("alignment", evidence.alignment), NamedValue("positive_over_negative_distance", ratio),
            NamedValue("retrieval", evidence.retrieval),
        ]
        if let colours { numbers.append(NamedValue("colour_retrieval", colours)) }
        if let layout { numbers.append(NamedValue("position_retrieval", layout)) }
        var reasons: [String] = []
        if identical != .no {
            reasons.append(
                "The squared distance between two views of a sample is \(ratio.value.percent) of that between samples: "
                    + "the task is too easy to teach anything.")
        }
        if let colours, byColour != .no {
            reasons.append(
                "Colour histograms alone match \(colours.value.percent) of 256 view pairs: the encoder can lower the "
                    + "loss without learning shapes.")
        }
        if let layout, byPosition != .no {
            reasons.append(
                "The brightness of 4 x 4 cells alone matches \(layout.value.percent) of 256 view pairs: the crops differ "
                    + "too little, and positions identify an image.")
        }
        return (identical || byColour || byPosition).verdict(evidence) {
            Finding(
                code: code, severity: .warning, title: "Augmentation too weak", numbers: numbers,
                evidence: reasons.joined(separator: " "),
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
