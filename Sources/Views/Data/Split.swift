import Foundation

/// Images to learn from and images to judge by.
public struct Split: Sendable {
    /// How the two were told apart.
    public enum Origin: Codable, Equatable, Sendable {
        /// By folders or files of these names inside the root, or by sources given apart.
        case folders(train: String, test: String)
        /// By chance, class by class.
        case stratified(seed: UInt64, fraction: Double)
        /// By hashes of the images' names.
        case hashed(seed: UInt64, fraction: Double)
    }

    /// How a source that is not apart already is told apart.
    public enum Rule: String, Codable, Sendable, CaseIterable {
        /// By chance, class by class; what has no class counts as one more.
        case byClass = "class"
        /// By hashes of the images' names: an image stays on its side when others come or go, all captions of an image are on
        /// one side, and classes are not needed.
        case byName = "name"
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

    /// Splits what a command is given as IMAGES: by `test` where that is given, else by its `train` and `test` (else `val`)
    /// folders, each of any kind of source, else by what the source itself tells apart, otherwise by `rule`.
    /// - Throws: `DataError` where a source is unusable.
    public init(
        images: String, test: String? = nil, fraction: Double = 0.2, seed: UInt64 = 0,
        by rule: Rule = .byClass, options: SourceOptions = SourceOptions()
    ) throws(DataError) {
        if let test {
            try self.init(train: images, test: test, options: options, origin: .folders(train: images, test: test))
        } else if let name = Split.testFolder(in: images) {
            try self.init(
                train: join(images, "train"), test: join(images, name), options: options,
                origin: .folders(train: "train", test: name))
        } else if let parts = try Sources.kind(of: images).parts(of: images, options: options) {
            self = parts
        } else {
            let source = try Sources.open(images, options: options)
            switch rule {
            case .byClass: self.init(stratified: source, fraction: fraction, seed: seed, issues: source.listing.issues)
            case .byName: self.init(hashed: source, fraction: fraction, seed: seed, issues: source.listing.issues)
            }
        }
    }

    private init(train: String, test: String, options: SourceOptions, origin: Origin) throws(DataError) {
        let learn = try Sources.open(train, options: options)
        var options = options
        if !learn.classes.isEmpty { options.classes = learn.classes }
        let judge = try Split.judge(test, options: options)
        self.init(train: learn, test: judge, origin: origin, issues: learn.listing.issues + judge.listing.issues)
    }

    /// The test images; of a CIFAR folder, which has both, its test part.
    private static func judge(_ test: String, options: SourceOptions) throws(DataError) -> any Source {
        if CIFARBinary.isPresent(in: test, .test) {
            return Sources.relabel(try CIFARBinary(test, part: .test), options.classes)
        }
        return try Sources.open(test, options: options)
    }

    /// Splits a folder: by its `train` and `test` (else `val`) folders where it has them, otherwise by chance.
    /// - Throws: `DataError` where a folder is unusable.
    public init(folder root: String, fraction: Double = 0.2, seed: UInt64 = 0) throws(DataError) {
        try self.init(images: root, fraction: fraction, seed: seed)
    }

    /// Splits by chance: `fraction` of each class, rounded, but at least one image and never all, goes to `test`, so a
    /// class of one image is only learnt from. An image that links bring under several names is on one side and counts for its
    /// first name's class alone, so a class of nothing but later names may end on either side whole. The same seed gives the same split; both keep the source's order.
    public init(
        stratified source: any Source, fraction: Double = 0.2, seed: UInt64 = 0, issues: [SourceIssue] = []
    ) {
        let unlabelled = source.classes.count
        let links = source.links
        var groups: [[Int]] = Array(repeating: [], count: unlabelled + 1)
        for index in 0..<source.count where links[index] == nil {
            groups[source.label(index) ?? unlabelled].append(index)
        }
        var held: [Int] = []
        for (label, group) in groups.enumerated() where group.count >= 2 {
            var stream = RandomStream(RandomKey(seed: seed, sample: label, purpose: .split))
            let wanted = Int((fraction * Double(group.count)).rounded())
            held += stream.permutation(group.count).prefix(min(max(wanted, 1), group.count - 1)).map { group[$0] }
        }
        let chosen = Set(held)
        let test = (0..<source.count).map { chosen.contains(links[$0] ?? $0) }
        self.init(
            train: Subset(source, indices: test.indices.filter { !test[$0] }),
            test: Subset(source, indices: test.indices.filter { test[$0] }),
            origin: .stratified(seed: seed, fraction: fraction), issues: issues)
    }

    /// Splits by name: an image goes to `test` where a hash of the seed and of its name without the ending, as a number in
    /// 0..<1, is below `fraction`; an image that links bring under several names goes by its first one. Either part may be empty
    /// where there are few images; both keep the source's order.
    public init(hashed source: any Source, fraction: Double = 0.2, seed: UInt64 = 0, issues: [SourceIssue] = []) {
        var (train, test): ([Int], [Int]) = ([], [])
        let links = source.links
        for index in 0..<source.count {
            if Split.share(of: source.name(links[index] ?? index), seed: seed) < fraction {
                test.append(index)
            } else {
                train.append(index)
            }
        }
        self.init(
            train: Subset(source, indices: train), test: Subset(source, indices: test),
            origin: .hashed(seed: seed, fraction: fraction), issues: issues)
    }

    /// FNV-1a of the name up to its last point, spread over 0..<1.
    private static func share(of name: String, seed: UInt64) -> Double {
        let bytes = Array(name.utf8)
        let key = bytes.lastIndex(of: UInt8(ascii: ".")).map { bytes[..<$0] } ?? bytes[...]
        var hash = key.reduce(0xCBF2_9CE4_8422_2325 ^ (seed &* 0x9E37_79B9_7F4A_7C15)) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
        }
        // FNV's upper bits depend little on the last characters.
        hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
        hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return Double((hash ^ (hash >> 32)) >> 11) * 0x1p-53
    }

    /// The folder of images to learn from: `train` inside where test images lie beside it, else the root itself.
    public static func trainingFolder(in root: String) -> String {
        testFolder(in: root) == nil ? root : join(root, "train")
    }

    /// The name of the folder of test images beside `train`; nil where the root has none.
    public static func testFolder(in root: String) -> String? {
        guard isFolder(join(root, "train")) else { return nil }
        return ["test", "val"].first { isFolder(join(root, $0)) }
    }
}

private func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
}
