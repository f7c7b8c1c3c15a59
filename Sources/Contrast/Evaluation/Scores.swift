/// The accuracies of a classifier on test images.
public struct Scores: Codable, Equatable, Sendable {
    /// The share of images whose best class is correct, 0...1.
    public var top1: Double
    /// The share of images whose class is among the best five, 0...1; nil with fewer than six classes to choose from.
    public var top5: Double?
    /// The mean of the per-class accuracies, 0...1, over classes with test images.
    public var balanced: Double
    /// The accuracy of each class, in the order of the classes; nil for a class without test images.
    public var perClass: [Double?]
    /// The confusion matrix; nil in reports of more than `Confusion.reportedClasses` classes.
    public var confusion: Confusion?

    /// Scores a ranking.
    /// - Parameters:
    ///   - ranked: the classes of each image from best to worst, at least one.
    ///   - labels: the class of each image; images with a class outside of `0..<classes` are skipped.
    ///   - classes: the number of classes.
    ///   - choices: the number of classes that a prediction may be; all by default.
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
