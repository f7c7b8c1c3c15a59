/// What a classifier got right on test images.
public struct Scores: Codable, Equatable, Sendable {
    /// Share of images whose best class is right, 0...1.
    public var top1: Double
    /// Share of images whose class is among the best five, 0...1; nil with fewer than six classes to choose from.
    public var top5: Double?
    /// Mean of the per-class accuracies, 0...1; classes without test images are left out.
    public var balanced: Double
    /// Share of right answers of each class, in the order of the classes; nil where a class has no test image.
    public var perClass: [Double?]
    /// Which classes were taken for which; nil in reports of more than `Confusion.reportedClasses` classes.
    public var confusion: Confusion?

    /// Counts the hits of a ranking.
    /// - Parameters:
    ///   - ranked: for each image the classes from best to worst, at least one.
    ///   - labels: for each image its class; those that are not in `0..<classes` are left out.
    ///   - classes: how many there are.
    ///   - choices: how many of them an answer may be; all by default.
    public init(ranked: [[Int]], labels: [Int], classes: Int, choices: Int? = nil) {
        var (images, right) = ([Int](repeating: 0, count: classes), [Int](repeating: 0, count: classes))
        var amongFive = 0
        var answers: [(row: Int, column: Int)] = []
        for (ranking, label) in zip(ranked, labels) where label >= 0 && label < classes {
            images[label] += 1
            if let best = ranking.first {
                answers.append((label, best))
                if best == label { right[label] += 1 }
            }
            if ranking.prefix(5).contains(label) { amongFive += 1 }
        }
        let total = Double(max(images.reduce(0, +), 1))
        confusion = Confusion(answers)
        top1 = Double(right.reduce(0, +)) / total
        top5 = (choices ?? classes) > 5 ? Double(amongFive) / total : nil
        perClass = zip(images, right).map { $0 == 0 ? nil : Double($1) / Double($0) }
        let known = perClass.compactMap { $0 }
        balanced = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    }
}
