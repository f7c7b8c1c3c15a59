import Files

/// Training images and test images.
public struct Split: Sendable {
    /// How the two parts were made.
    public enum Origin: Codable, Equatable, Sendable {
        /// Folders or files of these names inside the root, or two separate sources.
        case folders(train: String, test: String)
        /// A column of a table, or a field of the shards' .json members.
        case column(train: Side, test: Side)
        /// At random within each class.
        case stratified(seed: UInt64, fraction: Double)
        /// At random by group, with similar shares of each class.
        case grouped(seed: UInt64, fraction: Double, groups: Int)
        /// Hashes of the images' names.
        case hashed(seed: UInt64, fraction: Double)
    }

    /// How a source without a train and a test side is split.
    public enum Rule: String, Codable, Sendable, CaseIterable {
        /// At random within each class; images without a class count as one more class. Each group stays on one side.
        case byClass = "class"
        /// Hashes of the images' names, or of their groups' names if there are groups. An image stays on its side when
        /// others are added or removed, all captions of an image are on one side, and no classes are needed.
        case byName = "name"
    }

    /// The training images.
    public let train: any Source
    /// The test images, labelled with the classes of `train`.
    public let test: any Source
    /// How the two parts were made.
    public let origin: Origin
    /// What was found while the folders were listed.
    public let issues: [SourceIssue]

    /// Whether the data set defines the two parts itself, by folders, files or a column.
    public var isOfSides: Bool {
        switch origin {
        case .folders, .column: true
        case .stratified, .grouped, .hashed: false
        }
    }

    /// All images, if they were split at random or by name.
    public private(set) var whole: (any Source)?

    /// What each part is and what was skipped; nil if the sources were opened elsewhere.
    public private(set) var summary: SourceSummary?

    /// Makes a split of two separate sources.
    public init(train: any Source, test: any Source, origin: Origin, issues: [SourceIssue] = []) {
        self.issues = issues
        self.train = train
        self.test = test
        self.origin = origin
    }

    /// What the test images are used for.
    public enum Purpose: Sendable {
        /// The final score: the test side, or else validation.
        case score
        /// Scores during training, which select checkpoints: validation, or else the test side.
        case choice
    }

    /// Splits the IMAGES of a command: by `test` if that is given, else by the sides of IMAGES (`FolderLayout`), else
    /// by `rule`.
    /// - Parameters:
    ///   - images: the training images, or the images to split.
    ///   - side: the only side of `images` to use; `rule` splits it.
    ///   - test: the test images; if this folder has sides, its test side is used.
    ///   - purpose: which side is used if there are a test and a validation side.
    ///   - fraction: the share of the images that `rule` holds out.
    ///   - seed: the seed of `rule`.
    ///   - rule: how images are held out if there are no sides.
    ///   - options: how sources are opened.
    /// - Throws: `DataError` if a source cannot be used.
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

    /// Splits images that are already open, as if their path were given; `side` must be the one with which they were
    /// opened.
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
                case judged.side: .init(part, judge, role: purpose == .choice ? "scored during training" : nil)
                default: .init(part, nil, role: "not used")
                }
            })
    }

    /// Splits at random: `fraction` of each class goes to `test`, rounded, but at least one image and never all of
    /// them. A class of one image is in `train` only. `GroupedDeal` makes the split if there are groups or sets of
    /// labels. An image with several names (by links) is on one side and counts only for the class of its first name.
    /// The same seed gives the same split; both parts keep the source's order.
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

    /// Splits by name: an image goes to `test` if a hash of the seed and of its name without the extension, as a number
    /// in 0..<1, is below `fraction`. An image with several names (by links) uses its first. A part may be empty if
    /// there are few images; both keep the source's order.
    public init(hashed source: any Source, fraction: Double = 0.2, seed: UInt64 = 0, issues: [SourceIssue] = []) {
        var (train, test): ([Int], [Int]) = ([], [])
        let links = source.links
        let hasGroups = source.columns.contains(.group)
        for index in 0..<source.count {
            let first = links[index] ?? index
            // The whole name of a group is hashed.
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

    /// FNV-1a of the name up to its last full stop, scaled to 0..<1.
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
    /// The options for test images, which need not be a table if the training images are one.
    func judging(_ images: String, like source: any Source) -> SourceOptions {
        var options = labelled(like: source)
        if !(Sources.kind(of: images) is ImageTable.Type) { (options.columns, options.root) = ([], nil) }
        return options
    }

    /// The options with the classes of a source, if it has any.
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
