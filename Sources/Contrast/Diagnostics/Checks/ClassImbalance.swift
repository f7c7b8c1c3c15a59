/// Some classes have many more images than others.
enum ClassImbalance: Check {
    static let code = "class_imbalance"
    static let scope = CheckScope.all

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let ratio = evidence.run?.imbalance, ratio >= Thresholds.imbalance else { return .clear }
        return .found(
            Finding(
                code: code, severity: .note, title: "Class imbalance",
                numbers: [NamedValue("largest_over_smallest", Measured(ratio))],
                evidence:
                    "The largest class has \(ratio.rounded(to: 1)) times as many images as the smallest: most "
                    + "negatives are of large classes, and accuracy must be read class by class.",
                remedy: [
                    "# read balanced and per_class in probe.json beside top1; diptych scan IMAGES lists the classes"
                ],
                paper: "Liu et al. 2022, arXiv 2110.05025"))
    }
}
