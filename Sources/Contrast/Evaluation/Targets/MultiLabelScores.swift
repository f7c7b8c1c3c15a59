/// The quality of predicted sets of labels; equal to scikit-learn's metrics.
public struct MultiLabelScores: Codable, Equatable, Sendable {
    /// The scores of one class.
    public struct Class: Codable, Equatable, Sendable {
        /// Its name.
        public var name: String
        /// The number of test images with the class.
        public var images: Int
        /// The area under the precision-recall curve, `sum_n (R_n - R_n-1) P_n` over the thresholds; nil if no image
        /// has the class.
        public var averagePrecision: Double?
        /// The probability that an image with the class has a higher score than one without; nil if there are no such
        /// images.
        public var auroc: Double?
        /// `2 TP / (2 TP + FP + FN)` of the predictions; nil if no image has the class and none is predicted to have
        /// it.
        public var f1: Double?
    }

    /// The mean of the classes' average precisions.
    public var meanAveragePrecision: Double
    /// The mean of the classes' F1.
    public var macroF1: Double
    /// F1 of all predictions together.
    public var microF1: Double
    /// The mean of the classes' areas under the ROC curve.
    public var meanAUROC: Double
    /// The classes in the order of the labels.
    public var perClass: [Class]

    /// Computes the scores.
    /// - Parameters:
    ///   - scores: the score of each class for each image; a class with a score above 0 is predicted.
    ///   - labels: the classes of each image.
    ///   - names: the names of the classes.
    init(scores: [[Double]], labels: [[Int]], names: [String]) {
        var (hits, answers, truths) = (0, 0, 0)
        perClass = names.indices.map { place in
            let column = scores.map { $0[place] }
            let isTrue = labels.map { $0.contains(place) }
            let positives = isTrue.count { $0 }
            let answered = column.count { $0 > 0 }
            let right = zip(column, isTrue).count { $0 > 0 && $1 }
            (hits, answers, truths) = (hits + right, answers + answered, truths + positives)
            let curve = MultiLabelScores.curve(column, isTrue)
            return Class(
                name: names[place], images: positives,
                averagePrecision: positives > 0 ? curve.precision : nil,
                auroc: positives > 0 && positives < labels.count ? curve.area : nil,
                f1: answered + positives > 0 ? 2 * Double(right) / Double(answered + positives) : nil)
        }
        func mean(_ values: [Double?]) -> Double {
            let known = values.compactMap { $0 }
            return known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
        }
        meanAveragePrecision = mean(perClass.map(\.averagePrecision))
        macroF1 = mean(perClass.map(\.f1))
        meanAUROC = mean(perClass.map(\.auroc))
        microF1 = answers + truths > 0 ? 2 * Double(hits) / Double(answers + truths) : 0
    }

    /// The average precision and the area under the ROC curve; images of equal score count together.
    private static func curve(_ scores: [Double], _ isTrue: [Bool]) -> (precision: Double, area: Double) {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        let positives = Double(isTrue.count { $0 })
        let negatives = Double(isTrue.count) - positives
        var (precision, area, found, seen) = (0.0, 0.0, 0.0, 0.0)
        var place = 0
        while place < order.count {
            var (ties, hits) = (0.0, 0.0)
            let score = scores[order[place]]
            while place < order.count, scores[order[place]] == score {
                ties += 1
                if isTrue[order[place]] { hits += 1 }
                place += 1
            }
            // A negative of this score counts the positives above it as 1 and those of equal score as 1/2.
            area += (ties - hits) * (found + hits / 2)
            found += hits
            seen += ties
            precision += hits * found / seen
        }
        return (precision / max(positives, 1), area / max(positives * negatives, 1))
    }
}
