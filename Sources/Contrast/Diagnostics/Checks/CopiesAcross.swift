/// Some test images are also training images.
enum CopiesAcross: Check {
    static let code = "train_test_copies"
    static let scope = CheckScope.all

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let copies = evidence.run?.copies else { return .clear }
        let share = copies.share
        switch share >= Thresholds.copies {
        case .no: return .clear
        case .yes: return .found(finding(copies))
        case .unsure:
            return .undecided(
                "copies across train and test? \(copies.test) test images are too few to decide (\(code) \(share))")
        }
    }

    private static func finding(_ copies: TrainTestCopies) -> Finding {
        let examples = copies.copies.prefix(3).map { "\($0.test) is \($0.train)" }.joined(separator: ", ")
        let part =
            copies.train < copies.trainImages
            ? " among \(copies.train) of \(copies.trainImages) that were compared; among all there are more" : ""
        return Finding(
            code: code, severity: .warning, title: "Copies across train and test",
            numbers: [
                NamedValue(code, copies.share), NamedValue("copies", Measured(Double(copies.copies.count))),
                NamedValue("held_out_images", Measured(Double(copies.test))),
            ],
            evidence: "\(copies.copies.count) of \(copies.test) test images look the same as a training image\(part): "
                + "\(examples). Scores on them reward memorising.",
            remedy: [
                "# diptych scan IMAGES lists identical and similar files: remove those in train from test"
            ],
            paper: "Barz & Denzler 2020, arXiv 1902.00423")
    }
}
