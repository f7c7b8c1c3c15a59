import Files

/// Images to learn from and images to judge by.
public struct Split: Sendable {
    /// How the two were told apart.
    public enum Origin: Codable, Equatable, Sendable {
        /// By folders or files of these names inside the root, or by sources given apart.
        case folders(train: String, test: String)
        /// By a column of a table, or of what shards say of their samples.
        case column(train: Side, test: Side)
        /// By chance, class by class.
        case stratified(seed: UInt64, fraction: Double)
        /// By chance, group by group, with the classes' shares kept alike.
        case grouped(seed: UInt64, fraction: Double, groups: Int)
        /// By hashes of the images' names.
        case hashed(seed: UInt64, fraction: Double)
    }

    /// How a source that is not apart already is told apart.
    public enum Rule: String, Codable, Sendable, CaseIterable {
        /// By chance, class by class; what has no class counts as one more. No group is cut, where there are groups.
        case byClass = "class"
        /// By hashes of the images' names, or of their groups' where there are any: an image stays on its side when
        /// others come or go, all captions of an image are on one side, and classes are not needed.
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

    /// Whether the two are told apart by what the images say themselves: folders or files of their own, or a column.
    public var isOfSides: Bool {
        switch origin {
        case .folders, .column: true
        case .stratified, .grouped, .hashed: false
        }
    }

    /// All images, where chance or names split them.
    public private(set) var whole: (any Source)?

    /// What was taken for what, and what was left out; nil where the sources were opened elsewhere.
    public private(set) var summary: SourceSummary?

    /// Makes a split of two sources that are apart already.
    public init(train: any Source, test: any Source, origin: Origin, issues: [SourceIssue] = []) {
        self.issues = issues
        self.train = train
        self.test = test
        self.origin = origin
    }

    /// What the images are judged for.
    public enum Purpose: Sendable {
        /// The score that is told in the end: by the test side, else by validation.
        case score
        /// Scores on the way, by which checkpoints are chosen: by validation, else by the test side.
        case choice
    }

    /// Splits what a command is given as IMAGES: by `test` where that is given, else by its sides (`FolderLayout`), otherwise by
    /// `rule`.
    /// - Parameters:
    ///   - images: the images to learn from, or to split.
    ///   - side: the only side of `images` that is taken, then split by `rule`.
    ///   - test: the images to judge by; of a folder with sides the test side.
    ///   - purpose: which side comes first where there are two to judge by.
    ///   - fraction: the share that `rule` holds out.
    ///   - seed: the seed of `rule`.
    ///   - rule: how images are held out where there are no sides.
    ///   - options: how sources are opened.
    /// - Throws: `DataError` where a source is unusable.
    public init(
        images: String, side: SideChoice? = nil, test: String? = nil, for purpose: Purpose = .score,
        fraction: Double = 0.2, seed: UInt64 = 0, by rule: Rule = .byClass, options: SourceOptions = SourceOptions()
    ) throws(DataError) {
        if let test {
            let learn = try OpenedImages(images, side: side, options: options)
            let layout = try FolderLayout(opening: test, options: options.judging(test, like: learn.source))
            let part = layout.part(.test) ?? layout.part(.validation)
            let judge = try layout.open(part, options: options.judging(test, like: learn.source))
            self.init(
                train: learn.source, test: judge, origin: .folders(train: images, test: test),
                issues: learn.source.listing.issues + judge.listing.issues)
            summary = learn.summary.judged(by: layout, part: part, judge)
            return
        }
        let layout = try FolderLayout(opening: images, side: side, options: options)
        try self.init(
            layout, nil, side: side, for: purpose, fraction: fraction, seed: seed, by: rule, options: options)
    }

    /// Splits images that are open already, as if they were given by their path, without opening them again.
    /// - Parameter side: the side that they were opened with.
    public init(
        _ opened: OpenedImages, side: SideChoice?, fraction: Double, seed: UInt64, by rule: Rule, options: SourceOptions
    ) throws(DataError) {
        try self.init(
            opened.layout, opened, side: side, for: .score, fraction: fraction, seed: seed, by: rule, options: options)
    }

    private init(
        _ layout: FolderLayout, _ opened: OpenedImages?, side: SideChoice?, for purpose: Purpose, fraction: Double,
        seed: UInt64, by rule: Rule, options: SourceOptions
    ) throws(DataError) {
        let order: [Side] = purpose == .score ? [.test, .validation] : [.validation, .test]
        guard side == nil, let learnt = layout.part(.train), let judged = order.lazy.compactMap(layout.part).first
        else {
            let whole =
                if let opened { opened } else { try OpenedImages(layout, side: side, options: options) }
            switch rule {
            case .byClass:
                self.init(
                    stratified: whole.source, fraction: fraction, seed: seed, issues: whole.source.listing.issues)
            case .byName:
                self.init(hashed: whole.source, fraction: fraction, seed: seed, issues: whole.source.listing.issues)
            }
            summary = whole.summary
            self.whole = whole.source
            return
        }
        let learn = try layout.open(learnt, options: options)
        let judge = try layout.open(judged, options: options.labelled(like: learn))
        let isColumn = if case .opened = learnt.place { true } else { false }
        self.init(
            train: learn, test: judge,
            origin: isColumn
                ? .column(train: learnt.side, test: judged.side)
                : .folders(train: learnt.name.trimmed, test: judged.name.trimmed),
            issues: learn.listing.issues + (isColumn ? [] : judge.listing.issues))
        summary = SourceSummary(
            layout,
            parts: layout.parts.map { part in
                switch part.side {
                case learnt.side: .init(part, learn)
                case judged.side: .init(part, judge, role: purpose == .choice ? "scored on the way" : nil)
                default: .init(part, nil, role: "not used")
                }
            })
    }

    /// Splits by chance: `fraction` of each class, rounded, but at least one image and never all, goes to `test`, so a
    /// class of one image is only learnt from. `GroupedDeal` splits where there are groups or sets of labels. An image that
    /// links bring under several names is on one side and counts for its first name's class alone, so a class of nothing
    /// but later names may end on either side whole. The same seed gives the same split; both keep the source's order.
    public init(
        stratified source: any Source, fraction: Double = 0.2, seed: UInt64 = 0, issues: [SourceIssue] = []
    ) {
        guard source.columns.isDisjoint(with: [.group, .labels]) else {
            let deal = GroupedDeal(source)
            let parts = deal.parts(shares: [1 - fraction, fraction], seed: seed)
            let origin: Origin =
                source.columns.contains(.group)
                ? .grouped(seed: seed, fraction: fraction, groups: deal.groups)
                : .stratified(seed: seed, fraction: fraction)
            self.init(
                train: Subset(source, indices: parts.indices.filter { parts[$0] == 0 }),
                test: Subset(source, indices: parts.indices.filter { parts[$0] == 1 }), origin: origin, issues: issues)
            return
        }
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
        let hasGroups = source.columns.contains(.group)
        for index in 0..<source.count {
            let first = links[index] ?? index
            // A group is hashed by its whole name.
            let group = hasGroups ? source.fields(first).group.map { $0 + "." } : nil
            if Split.share(of: group ?? source.name(first), seed: seed) < fraction {
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
}

extension SourceOptions {
    /// The same for images to judge by, which need not be a table where those to learn from are one.
    func judging(_ images: String, like source: any Source) -> SourceOptions {
        var options = labelled(like: source)
        if !(Sources.kind(of: images) is ImageTable.Type) { (options.columns, options.root) = ([], nil) }
        return options
    }

    /// The same, with the classes of a source where it has any.
    func labelled(like source: any Source) -> SourceOptions {
        var options = self
        if !source.classes.isEmpty { options.classes = source.classes }
        return options
    }
}

extension String {
    /// A folder's name without the slash at its end.
    fileprivate var trimmed: String { hasSuffix("/") ? String(dropLast()) : self }
}
