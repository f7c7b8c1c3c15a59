/// What a classifier got right on test images.
public struct Scores: Codable, Equatable, Sendable {
    /// Share of images whose best class is right, 0...1.
    public var top1: Double
    /// Share of images whose class is among the best five, 0...1; nil with fewer than six classes.
    public var top5: Double?
    /// Mean of the per-class accuracies, 0...1; classes without test images are left out.
    public var balanced: Double
    /// Share of right answers of each class, in the order of the classes; nil where a class has no test image.
    public var perClass: [Double?]
    /// Images of class `row` that were taken for class `column`.
    public var confusion: [[Int]]

    /// Counts the hits of a ranking.
    /// - Parameters:
    ///   - ranked: for each image the classes from best to worst, at least one.
    ///   - labels: for each image its class, in `0..<classes`.
    ///   - classes: how many there are.
    public init(ranked: [[Int]], labels: [Int], classes: Int) {
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        var amongFive = 0
        for (ranking, label) in zip(ranked, labels) {
            if let best = ranking.first { confusion[label][best] += 1 }
            if ranking.prefix(5).contains(label) { amongFive += 1 }
        }
        let total = Double(max(labels.count, 1))
        let right = confusion.indices.map { confusion[$0][$0] }
        self.confusion = confusion
        top1 = Double(right.reduce(0, +)) / total
        top5 = classes > 5 ? Double(amongFive) / total : nil
        perClass = confusion.indices.map { row in
            let images = confusion[row].reduce(0, +)
            return images == 0 ? nil : Double(right[row]) / Double(images)
        }
        let known = perClass.compactMap { $0 }
        balanced = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    }
}
