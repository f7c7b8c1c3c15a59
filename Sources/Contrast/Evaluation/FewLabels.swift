import Foundation
import Torch
import Views

/// The number of training labels for a probe.
public enum LabelBudget: Equatable, Sendable, CustomStringConvertible {
    /// A share of each class, 0...1, but at least one image.
    case share(Double)
    /// This many images of each class, or all of a smaller class.
    case shots(Int)

    /// `10%`, or `5 shots`.
    public var description: String {
        switch self {
        case .share(let share): "\((share * 1e6).rounded() / 1e4)%".replacingOccurrences(of: ".0%", with: "%")
        case .shots(let count): count == 1 ? "1 shot" : "\(count) shots"
        }
    }

    /// Draws images of each class.
    /// - Parameters:
    ///   - labels: the images' classes.
    ///   - classes: the number of classes.
    ///   - seed: determines the images, with the repeat and the class.
    /// - Returns: indices into `labels`, ascending.
    func draw(from labels: [Int], classes: Int, seed: UInt64, repeat number: Int) -> [Int] {
        var places = [[Int]](repeating: [], count: classes)
        for (place, label) in labels.enumerated() { places[label].append(place) }
        var drawn: [Int] = []
        for (label, own) in places.enumerated() {
            let count: Int
            switch self {
            case .share(let share): count = max(1, Int((share * Double(own.count)).rounded()))
            case .shots(let shots): count = shots
            }
            var stream = RandomStream(RandomKey(seed: seed, epoch: number, sample: label, purpose: .fewLabels))
            drawn += stream.permutation(own.count).prefix(count).map { own[$0] }
        }
        return drawn.sorted()
    }
}

/// Scores of probes that were fitted on few labels, over repeated draws.
public struct FewLabelsScore: Codable, Equatable, Sendable {
    /// The number of labels, as in `10%` or `5 shots`.
    public var labels: String
    /// The number of training images in a draw.
    public var images: Int
    /// The number of draws.
    public var repeats: Int
    /// The linear probe's mean accuracy with Student's 95% interval over the draws.
    public var linearProbe: Measured
    /// The kNN's mean accuracy with the same interval.
    public var knn: Measured
    /// C of each draw's linear probe.
    public var costs: [Double]
}

extension Measured {
    /// The mean of repeated measurements with Student's 95% interval; without an interval for one measurement.
    init(mean values: [Double]) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        guard values.count > 1 else {
            self.init(mean)
            return
        }
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let half = Measured.student(values.count - 1) * (variance / count).squareRoot()
        self.init(mean, low: mean - half, high: mean + half)
    }

    /// The 97.5% quantile of Student's distribution.
    static func student(_ degrees: Int) -> Double {
        let table = [
            12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
            2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
        ]
        guard degrees > table.count else { return table[max(degrees, 1) - 1] }
        // Beyond the table, two terms of the Cornish-Fisher expansion.
        let n = Double(degrees)
        return 1.959964 + 2.3723 / n + 2.8224 / (n * n)
    }
}
