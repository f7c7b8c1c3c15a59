/// Held-out images are among those learnt from.
enum CopiesAcross: Check {
    static let code = "train_test_copies"
    static let needsContrast = false

    static func judge(_ evidence: Evidence) -> Verdict {
        guard let copies = evidence.run?.copies else { return .clear }
        let share = copies.share
        switch share >= Thresholds.copies {
        case .no: return .clear
        case .yes: return .found(finding(copies))
        case .unsure:
            return .undecided(
                "copies across train and test? \(copies.heldOut) held-out images are too few to say "
                    + "(\(code) \(share))")
        }
    }

    private static func finding(_ copies: TrainTestCopies) -> Finding {
        let examples = copies.copies.prefix(3).map { "\($0.heldOut) is \($0.train)" }.joined(separator: ", ")
        let part =
            copies.train < copies.trainImages
            ? " among \(copies.train) of \(copies.trainImages) training images; among all there are more" : ""
        return Finding(
            code, .warning, "Copies across train and test",
            numbers: [
                NamedEstimate(code, copies.share), NamedEstimate("copies", Estimate(Double(copies.copies.count))),
                NamedEstimate("held_out_images", Estimate(Double(copies.heldOut))),
            ],
            evidence: "\(copies.copies.count) of \(copies.heldOut) held-out images look the same as one that is learnt "
                + "from\(part): \(examples). Scores on them reward remembering.",
            remedy: [
                "# diptych scan IMAGES lists identical and similar files: take those in train out of test, or keep one of each"
            ],
            paper: "Barz & Denzler 2020, arXiv 1902.00423")
    }
}
