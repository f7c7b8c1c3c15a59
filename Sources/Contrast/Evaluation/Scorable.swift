import Views

/// What of labelled images can be scored: training images with a label, and test images whose class one of these has.
///
/// Only classes that training images have are learnt and answered, so nothing grows with the largest label, nor with classes
/// that no image has.
struct Scorable {
    /// The training images that are learnt from, as places in the list of labels.
    let train: [Int]
    /// Their classes as places in `classes`.
    let trainLabels: [Int]
    /// The test images that are judged by, as places in the list of labels.
    let test: [Int]
    /// Their classes.
    let testLabels: [Int]
    /// The classes of the training images, ascending.
    let classes: [Int]
    /// What cannot be scored.
    let leftOut: LeftOut

    /// Looks at labels.
    /// - Parameters:
    ///   - train: the training images' classes; what is no index of `names`, as -1, is none.
    ///   - test: the test images' classes, by the same list.
    ///   - names: the classes.
    ///   - unknown: classes of test images that are not among `names`.
    init(train: [Int], test: [Int], names: [String], unknown: [SourceListing.UnknownClass] = []) {
        func isClass(_ label: Int) -> Bool { label >= 0 && label < names.count }
        self.train = train.indices.filter { isClass(train[$0]) }
        var numbers = [Int](repeating: -1, count: names.count)
        for place in self.train { numbers[train[place]] = 0 }
        let classes = names.indices.filter { numbers[$0] == 0 }
        for (number, label) in classes.enumerated() { numbers[label] = number }
        self.classes = classes
        trainLabels = self.train.map { numbers[train[$0]] }
        self.test = test.indices.filter { isClass(test[$0]) && numbers[test[$0]] >= 0 }
        testLabels = self.test.map { test[$0] }
        var images = [Int](repeating: 0, count: names.count)
        for label in test where isClass(label) { images[label] += 1 }
        let shown = ClassNames.shown(names)
        var leftOut = LeftOut()
        leftOut.trainUnlabelled = train.count - self.train.count
        let ofNone = test.count { !isClass($0) } - unknown.reduce(0) { $0 + ($1.isListed ? $1.images : 0) }
        leftOut.testUnlabelled = max(0, ofNone)
        leftOut.testUnknown = unknown.map { .init(name: $0.name, images: $0.images) }
        for label in names.indices where images[label] > 0 && numbers[label] < 0 {
            leftOut.testUnknown.append(.init(name: shown[label], images: images[label]))
        }
        leftOut.untested = classes.filter { images[$0] == 0 }.map { shown[$0] }
        self.leftOut = leftOut
    }

    /// Looks at two sources; `test` must be labelled by the classes of `train`.
    init(train: any Source, test: any Source) {
        self.init(
            train: (0..<train.count).map { train.label($0) ?? -1 }, test: (0..<test.count).map { test.label($0) ?? -1 },
            names: train.classes, unknown: test.listing.unknownClasses)
    }

    /// The accuracy of the best constant answer: of the classes that test images have, the one with the most training images.
    var majority: Double {
        var counts = [Int](repeating: 0, count: classes.count)
        for number in trainLabels { counts[number] += 1 }
        let tested = Set(testLabels)
        let candidates = classes.indices.filter { tested.contains(classes[$0]) }
        guard let best = candidates.max(by: { counts[$0] < counts[$1] }) else { return 0 }
        return Double(testLabels.count { $0 == classes[best] }) / Double(testLabels.count)
    }

    /// Why nothing can be scored; nil where something can.
    func obstacle(_ what: String) -> String? {
        if classes.count < 2 {
            return "\(what) needs labelled training images of two classes at least, there are "
                + (train.isEmpty ? "none" : "\(train.count) of one class")
        }
        guard test.isEmpty else { return nil }
        var cause = leftOut
        cause.untested = []
        return "\(what) has no test image that can be scored: \(cause.words ?? "there are none"); "
            + "they need class folders of the same names, or labels, as the training images have"
    }
}

/// Images and classes that a score leaves out, with the reasons.
public struct LeftOut: Codable, Equatable, Sendable {
    /// A class and its images.
    public struct Class: Codable, Equatable, Sendable {
        /// Its name.
        public var name: String
        /// Its images.
        public var images: Int
    }

    /// Training images without a label.
    public var trainUnlabelled = 0
    /// Test images without a label.
    public var testUnlabelled = 0
    /// Classes of test images that no training image has.
    public var testUnknown: [Class] = []
    /// Classes of training images that no test image has: no score speaks of them.
    public var untested: [String] = []

    /// Nothing.
    public init() {}

    /// The same in one line; nil where nothing is left out.
    public var words: String? {
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

    /// What a second look, at what the first one kept, leaves out as well.
    func and(_ second: LeftOut) -> LeftOut {
        var sum = self
        sum.trainUnlabelled += second.trainUnlabelled
        sum.testUnlabelled += second.testUnlabelled
        sum.testUnknown += second.testUnknown
        sum.untested = second.untested
        return sum
    }
}
