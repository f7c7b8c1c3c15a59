import Files
import Foundation

/// The scores of an encoder with the protocol that produced them; the contents of probe.json.
public struct ProbeReport: Codable, Equatable, Sendable {
    /// The accuracy of one class.
    public struct ClassScore: Codable, Equatable, Sendable {
        /// Its label.
        public var index: Int
        /// Its name.
        public var name: String
        /// The share of its images that are classified correctly, 0...1; nil without test images.
        public var accuracy: Double?
        /// The number of its test images.
        public var images: Int
    }

    /// The linear probe's scores and settings.
    public struct Linear: Codable, Equatable, Sendable {
        /// The top-1 accuracy, 0...1.
        public var top1: Double
        /// The top-5 accuracy, 0...1; nil with fewer than six classes.
        public var top5: Double?
        /// The mean of the per-class accuracies.
        public var balanced: Double
        /// The classes in the order of the labels; names may repeat.
        public var perClass: [ClassScore]
        /// The confusion matrix; nil with more than `Confusion.reportedClasses` classes.
        public var confusion: Confusion?
        /// The reason without a confusion matrix; nil with one.
        public var confusionNote: String?
        /// The weight of the data against the penalty.
        public var C: Double
        /// The objective reached.
        public var objective: Double
        /// The number of L-BFGS steps.
        public var iterations: Int
        /// Whether the gradient fell below the tolerance.
        public var converged: Bool
    }

    /// The kNN's scores and settings; the neighbours are the nearest by cosine.
    public struct Neighbours: Codable, Equatable, Sendable {
        /// The top-1 accuracy, 0...1.
        public var top1: Double
        /// The top-5 accuracy, 0...1; nil with fewer than six classes.
        public var top5: Double?
        /// The number of neighbours that vote.
        public var k: Int
        /// T of the votes' weight; nil if each neighbour has one vote.
        public var temperature: Double?
        /// The weight of a vote in words; nil in reports of earlier versions, which had one kind of weight.
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
        /// The dimension of the features.
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
    /// The number of training images.
    public var trainImages: Int
    /// The number of test images.
    public var testImages: Int
    /// The number of images that could not be used.
    public var skipped: Int
    /// Images and classes without a score; nil in reports of earlier versions, which skipped none.
    public var leftOut: LeftOut?
    /// How the images were split, in words.
    public var split: String
    /// How the scores were computed, in words.
    public var `protocol`: String
    /// The accuracy of always predicting the class with the most training images, among the classes of test images.
    public var majority: Double
    /// Logistic regression on frozen features.
    public var linearProbe: Linear
    /// Weighted kNN.
    public var knn: Neighbours
    /// Scores by cross-validation on all images; nil unless requested.
    public var folds: CrossValidation?
    /// The same architecture with random weights; nil unless requested.
    public var control: Pair?
    /// The comparison with other encoders; nil unless requested.
    public var comparison: ProbeComparison?
    /// Its scores with few labels; nil unless requested.
    public var fewLabels: [FewLabelsScore]?

    /// Writes the report as one JSON object.
    public func write(to path: String) throws { try AtomicFile.write(try json(), to: path) }

    /// Reads a report of this version or an earlier one; nil if there is none.
    static func read(_ path: String) -> ProbeReport? {
        (try? StoredFile.read(path)).flatMap { try? JSON.value(ProbeReport.self, from: $0) }
    }

    /// The report as one JSON object, keys in snake_case.
    public func json() throws -> Data {
        let encoder = JSON.encoder()
        encoder.keyEncodingStrategy = .custom { path in Key(path.last?.stringValue ?? "") }
        encoder.outputFormatting.insert(.prettyPrinted)
        return try encoder.encode(self) + Data([0x0A])
    }

    /// Keys in snake_case, except C.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) {
            stringValue =
                name == "C" ? name : name.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
        }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension ProbeReport.Linear {
    /// Converts scores.
    /// - Parameter labels: the test images' classes.
    init(
        _ scores: Scores, classes: [String], labels: [Int], C: Double, objective: Double, iterations: Int,
        converged: Bool
    ) {
        (top1, top5, balanced) = (scores.top1, scores.top5, scores.balanced)
        var images = [Int](repeating: 0, count: classes.count)
        for label in labels { images[label] += 1 }
        perClass = classes.indices.map {
            .init(index: $0, name: classes[$0], accuracy: scores.perClass[$0], images: images[$0])
        }
        let fits = classes.count <= Confusion.reportedClasses
        confusion = fits ? scores.confusion : nil
        confusionNote =
            fits ? nil : "left out: there are \(classes.count) classes, more than \(Confusion.reportedClasses)"
        (self.C, self.objective, self.iterations, self.converged) = (C, objective, iterations, converged)
    }

    /// Decodes a report of this version or an earlier one, which had accuracies by name and a full matrix.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        top1 = try values.decode(Double.self, forKey: .top1)
        top5 = try values.decodeIfPresent(Double.self, forKey: .top5)
        balanced = try values.decode(Double.self, forKey: .balanced)
        if let scores = try? values.decode([ProbeReport.ClassScore].self, forKey: .perClass) {
            perClass = scores
            confusion = try values.decodeIfPresent(Confusion.self, forKey: .confusion)
        } else {
            perClass = []
            confusion = Confusion(matrix: try values.decode([[Int]].self, forKey: .confusion))
        }
        confusionNote = try values.decodeIfPresent(String.self, forKey: .confusionNote)
        C = try values.decode(Double.self, forKey: .C)
        objective = try values.decode(Double.self, forKey: .objective)
        iterations = try values.decode(Int.self, forKey: .iterations)
        converged = try values.decode(Bool.self, forKey: .converged)
    }
}
