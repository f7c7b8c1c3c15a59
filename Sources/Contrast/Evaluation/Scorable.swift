import Views

/// The part of labelled images that can be scored: training images with a label, and test images of their classes.
///
/// A classifier has only the classes of training images, so its size does not depend on the largest label.
struct Scorable {
    /// Indices of the training images with a class.
    let train: [Int]
    /// Their classes as indices of `classes`.
    let trainLabels: [Int]
    /// Indices of the test images whose class a training image has.
    let test: [Int]
    /// Their classes.
    let testLabels: [Int]
    /// The classes of the training images, ascending.
    let classes: [Int]
    /// What cannot be scored.
    let leftOut: LeftOut

    /// Selects by labels.
    /// - Parameters:
    ///   - train: the training images' classes, indices of `names`; other values, such as -1, mean no class.
    ///   - test: the test images' classes, likewise.
    ///   - names: the names of the classes.
    ///   - unknown: classes of test images that are not among `names`.
    init(train: [Int], test: [Int], names: [String], unknown: [SourceListing.UnknownClass] = []) {
        func isClass(_ label: Int) -> Bool { label >= 0 && label < names.count }
        self.train = train.indices.filter { isClass(train[$0]) }
        var positions = [Int](repeating: -1, count: names.count)
        for index in self.train { positions[train[index]] = 0 }
        let classes = names.indices.filter { positions[$0] == 0 }
        for (position, label) in classes.enumerated() { positions[label] = position }
        self.classes = classes
        trainLabels = self.train.map { positions[train[$0]] }
        self.test = test.indices.filter { isClass(test[$0]) && positions[test[$0]] >= 0 }
        testLabels = self.test.map { test[$0] }
        var images = [Int](repeating: 0, count: names.count)
        for label in test where isClass(label) { images[label] += 1 }
        let shown = ClassNames.shown(names)
        var leftOut = LeftOut()
        leftOut.trainUnlabelled = train.count - self.train.count
        let unlabelled = test.count { !isClass($0) } - unknown.reduce(0) { $0 + ($1.isListed ? $1.images : 0) }
        leftOut.testUnlabelled = max(0, unlabelled)
        leftOut.testUnknown = unknown.map { .init(name: $0.name, images: $0.images) }
        for label in names.indices where images[label] > 0 && positions[label] < 0 {
            leftOut.testUnknown.append(.init(name: shown[label], images: images[label]))
        }
        leftOut.untested = classes.filter { images[$0] == 0 }.map { shown[$0] }
        self.leftOut = leftOut
    }

    /// Selects from two sources; the labels of `test` must be indices of the classes of `train`.
    init(train: any Source, test: any Source) {
        self.init(
            train: (0..<train.count).map { train.label($0) ?? -1 }, test: (0..<test.count).map { test.label($0) ?? -1 },
            names: train.classes, unknown: test.listing.unknownClasses)
    }

    /// The accuracy of always predicting the class with the most training images, among the classes of test images.
    var majority: Double {
        var counts = [Int](repeating: 0, count: classes.count)
        for label in trainLabels { counts[label] += 1 }
        let tested = Set(testLabels)
        let candidates = classes.indices.filter { tested.contains(classes[$0]) }
        guard let best = candidates.max(by: { counts[$0] < counts[$1] }) else { return 0 }
        return Double(testLabels.count { $0 == classes[best] }) / Double(testLabels.count)
    }

    /// Why nothing can be scored; nil if something can.
    func obstacle(_ what: String) -> String? {
        if classes.count < 2 {
            return "\(what) needs labelled training images of at least two classes, and there are "
                + (train.isEmpty ? "none" : "\(train.count) of one class")
        }
        guard test.isEmpty else { return nil }
        var cause = leftOut
        cause.untested = []
        return "\(what) has no test image that can be scored: \(cause.summary ?? "there are none"); "
            + "test images need the same class folders, or the same labels, as the training images"
    }
}

/// Images and classes that a score does not include, by reason.
public struct LeftOut: Codable, Equatable, Sendable {
    /// A class and the number of its images.
    public struct Class: Codable, Equatable, Sendable {
        /// The class's name.
        public var name: String
        /// The number of its images.
        public var images: Int
    }

    /// The number of training images without a label.
    public var trainUnlabelled = 0
    /// The number of test images without a label.
    public var testUnlabelled = 0
    /// Classes of test images that no training image has.
    public var testUnknown: [Class] = []
    /// Classes of training images that no test image has.
    public var untested: [String] = []

    /// Everything is scored.
    public init() {}

    /// One line for the user; nil if everything is scored.
    public var summary: String? {
        var parts: [String] = []
        if trainUnlabelled > 0 { parts.append("\(LeftOut.count(trainUnlabelled, "training image")) without a label") }
        if testUnlabelled > 0 { parts.append("\(LeftOut.count(testUnlabelled, "test image")) without a label") }
        let images = testUnknown.reduce(0) { $0 + $1.images }
        if !testUnknown.isEmpty {
            let what = testUnlabelled > 0 ? "\(images)" : LeftOut.count(images, "test image")
            parts.append(
                "\(what) of \(LeftOut.count(testUnknown.count, "class")) that training lacks "
                    + "(\(LeftOut.some(testUnknown.map(\.name))))")
        }
        if !untested.isEmpty {
            parts.append(
                "\(LeftOut.count(untested.count, "class")) without a test image (\(LeftOut.some(untested)))")
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// The first few of many names.
    static func some(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }

    /// A number with its noun.
    static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : noun.hasSuffix("s") ? "es" : "s")"
    }

    /// The sum with what a second selection, from the result of the first, omits.
    func and(_ second: LeftOut) -> LeftOut {
        var sum = self
        sum.trainUnlabelled += second.trainUnlabelled
        sum.testUnlabelled += second.testUnlabelled
        sum.testUnknown += second.testUnknown
        sum.untested = second.untested
        return sum
    }
}
