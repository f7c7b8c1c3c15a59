/// Some classes have many more images than others.
enum ClassImbalance: Check {
    static let code = "class_imbalance"
    static let needsContrast = false

    static func judge(_ evidence: Evidence) -> Verdict {
        guard let ratio = evidence.run?.imbalance, ratio >= Thresholds.imbalance else { return .clear }
        return .found(
            Finding(
                code, .note, "Class imbalance", numbers: [NamedEstimate("largest_over_smallest", Estimate(ratio))],
                evidence:
                    "The largest class has \(ratio.rounded(to: 1)) times the images of the smallest: negatives are "
                    + "mostly of the large ones, and accuracy should be read per class.",
                remedy: [
                    "# read balanced and per_class in probe.json beside top1; diptych scan IMAGES lists the classes"
                ],
                paper: "Liu et al. 2022, arXiv 2110.05025"))
    }
}
