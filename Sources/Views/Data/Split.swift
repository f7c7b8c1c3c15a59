import Foundation

/// Images to learn from and images to judge by.
public struct Split: Sendable {
    /// How the two were told apart.
    public enum Origin: Codable, Equatable, Sendable {
        /// By folders of these names inside the root.
        case folders(train: String, test: String)
        /// By chance, class by class.
        case stratified(seed: UInt64, fraction: Double)
    }

    /// What to learn from.
    public let train: any Source
    /// What to judge by; labelled with the classes of `train`.
    public let test: any Source
    /// How the two were told apart.
    public let origin: Origin
    /// What listing the folders came across.
    public let issues: [SourceIssue]

    /// Makes a split of two sources that are apart already.
    public init(train: any Source, test: any Source, origin: Origin, issues: [SourceIssue] = []) {
        self.issues = issues
        self.train = train
        self.test = test
        self.origin = origin
    }

    /// Splits a folder: by its `train` and `test` (else `val`) folders where it has them, otherwise by chance.
    /// - Throws: `DataError` where a folder is unusable.
    public init(folder root: String, fraction: Double = 0.2, seed: UInt64 = 0) throws(DataError) {
        if let test = Split.testFolder(in: root) {
            let learn = try ImageFolder(Split.trainingFolder(in: root))
            let judge = try ImageFolder(join(root, test), classes: learn.classes.isEmpty ? nil : learn.classes)
            self.init(
                train: learn, test: judge, origin: .folders(train: "train", test: test),
                issues: learn.issues + judge.issues)
        } else {
            let folder = try ImageFolder(root)
            self.init(stratified: folder, fraction: fraction, seed: seed, issues: folder.issues)
        }
    }

    /// Splits by chance: `fraction` of each class, rounded, but at least one image and never all, goes to `test`, so a
    /// class of one image is only learnt from. The same seed gives the same split; both keep the source's order.
    public init(
        stratified source: any Source, fraction: Double = 0.2, seed: UInt64 = 0, issues: [SourceIssue] = []
    ) {
        let unlabelled = source.classes.count
        var groups: [[Int]] = Array(repeating: [], count: unlabelled + 1)
        for index in 0..<source.count { groups[source.label(index) ?? unlabelled].append(index) }
        var held: [Int] = []
        for (label, group) in groups.enumerated() where group.count >= 2 {
            var stream = RandomStream(RandomKey(seed: seed, epoch: 0, sample: label, view: RandomKey.split))
            let wanted = Int((fraction * Double(group.count)).rounded())
            held += stream.permutation(group.count).prefix(min(max(wanted, 1), group.count - 1)).map { group[$0] }
        }
        let test = Set(held)
        self.init(
            train: Subset(source, indices: (0..<source.count).filter { !test.contains($0) }),
            test: Subset(source, indices: held.sorted()), origin: .stratified(seed: seed, fraction: fraction),
            issues: issues)
    }

    /// The folder of images to learn from: `train` inside where test images lie beside it, else the root itself.
    public static func trainingFolder(in root: String) -> String {
        testFolder(in: root) == nil ? root : join(root, "train")
    }

    /// The name of the folder of test images beside `train`; nil where the root has none.
    public static func testFolder(in root: String) -> String? {
        func isFolder(_ name: String) -> Bool {
            var status = stat()
            return stat(join(root, name), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
        guard isFolder("train") else { return nil }
        return ["test", "val"].first(where: isFolder)
    }
}

extension RandomKey {
    /// The `view` of draws that split a source.
    static let split = 0xFFFD
    /// The `view` of draws that order an epoch.
    static let order = 0xFFFE
}

private func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
}
