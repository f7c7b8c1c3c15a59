import Files
import Foundation

/// The scores of an encoder with the protocol that produced them; what probe.json holds.
public struct ProbeReport: Codable, Equatable, Sendable {
    /// The linear probe's scores and settings.
    public struct Linear: Codable, Equatable, Sendable {
        /// Share of images whose best class is right, 0...1.
        public var top1: Double
        /// Share of images whose class is among the best five; nil with fewer than six classes.
        public var top5: Double?
        /// Mean accuracy of the classes.
        public var balanced: Double
        /// Accuracy of each class by name; nil where a class has no test image.
        public var perClass: [String: Double?]
        /// Images of class `row` that were taken for class `column`.
        public var confusion: [[Int]]
        /// The weight of the data against the penalty.
        public var C: Double
        /// The objective reached.
        public var objective: Double
        /// Steps of L-BFGS.
        public var iterations: Int
        /// Whether the gradient fell below the tolerance.
        public var converged: Bool
    }

    /// The kNN's scores and settings; the neighbours are the nearest by cosine.
    public struct Neighbours: Codable, Equatable, Sendable {
        /// Share of images whose best class is right, 0...1.
        public var top1: Double
        /// Share of images whose class is among the best five; nil with fewer than six classes.
        public var top5: Double?
        /// Neighbours that vote.
        public var k: Int
        /// T of the votes' weight; nil where each neighbour has one vote.
        public var temperature: Double?
        /// What a vote counts, in words; nil in reports of versions that knew one weight only.
        public var weight: String?

        /// The settings in words, as in `k = 10, each with one vote`.
        public var words: String {
            "k = \(k), " + (temperature.map { "weight e^(cos/T) with T = \($0)" } ?? "each with one vote")
        }
    }

    /// Both scores of one encoder.
    public struct Pair: Codable, Equatable, Sendable {
        /// Logistic regression on frozen features.
        public var linearProbe: Linear
        /// Weighted kNN.
        public var knn: Neighbours
    }

    /// The encoder that was scored.
    public struct Subject: Codable, Equatable, Sendable {
        /// Its file.
        public var path: String
        /// Its name, as in `resnet18`.
        public var architecture: String
        /// Numbers of a feature.
        public var dimension: Int
        /// SHA-256 of the file before scoring.
        public var sha256Before: String
        /// SHA-256 of the file after scoring.
        public var sha256After: String
    }

    /// The encoder that was scored.
    public var encoder: Subject
    /// The classes in the order of the labels.
    public var classes: [String]
    /// Images that the probe learnt from.
    public var trainImages: Int
    /// Images that it was judged by.
    public var testImages: Int
    /// Images that could not be used.
    public var skipped: Int
    /// How training and test images were told apart, in words.
    public var split: String
    /// How the scores came about, in words.
    public var `protocol`: String
    /// Accuracy of always naming the largest class of the training images.
    public var majority: Double
    /// Logistic regression on frozen features.
    public var linearProbe: Linear
    /// Weighted kNN.
    public var knn: Neighbours
    /// The same architecture with random weights; nil where it was not asked for.
    public var control: Pair?

    /// Writes the report as one JSON object.
    public func write(to path: String) throws { try AtomicFile.write(try json(), to: path) }

    /// The report as one JSON object, keys in snake_case.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .custom { path in Key(path.last?.stringValue ?? "", after: path.dropLast().last) }
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data([0x0A])
    }

    /// snake_case, but for the names of classes, which are the user's, and for C.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String, after parent: (any CodingKey)?) {
            let isData = parent?.stringValue == "perClass" || parent?.stringValue == "per_class" || name == "C"
            stringValue =
                isData
                ? name
                : name.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
        }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
