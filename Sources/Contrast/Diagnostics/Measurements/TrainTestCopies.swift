import Views

/// Held-out images that are also among those learnt from, by perceptual hash and colours (`Scan`): a score on them says how
/// well the network remembers.
public struct TrainTestCopies: Sendable {
    /// A held-out image and the image to learn from that looks the same.
    public struct Copy: Equatable, Sendable {
        /// The held-out image's name.
        public var heldOut: String
        /// The other's.
        public var train: String

        /// Makes a value.
        public init(heldOut: String, train: String) {
            self.heldOut = heldOut
            self.train = train
        }
    }

    /// The most images to learn from that are looked at; a seeded choice of more.
    public static let trainLimit = 50_000
    /// The most held-out images that are looked at.
    public static let heldOutLimit = 4096

    /// Readable held-out images looked at.
    public var heldOut: Int
    /// Images to learn from that they were compared with.
    public var train: Int
    /// All images to learn from; of those that were looked at, the unreadable are not counted.
    public var trainImages: Int
    /// What was found, in the order of the held-out images; one each.
    public var copies: [Copy]

    /// Makes a value.
    public init(heldOut: Int, train: Int, trainImages: Int, copies: [Copy]) {
        (self.heldOut, self.train, self.trainImages, self.copies) = (heldOut, train, trainImages, copies)
    }

    /// Decodes every image looked at once and compares.
    /// - Parameters:
    ///   - train: what is learnt from.
    ///   - heldOut: what is judged by.
    ///   - threads: at least 1.
    ///   - seed: of the choice where there are more images than are looked at.
    ///   - progress: told the images done and all, from any thread.
    public init(
        train: any Source, heldOut: any Source, threads: Int, seed: UInt64 = 0,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) {
        func some(_ source: any Source, _ limit: Int, _ part: Int) -> [Int] {
            guard source.count > limit else { return Array(0..<source.count) }
            var stream = RandomStream(RandomKey(seed: seed, sample: part, purpose: .comparedImages))
            return stream.permutation(source.count).prefix(limit).sorted()
        }
        let learnt = Subset(train, indices: some(train, TrainTestCopies.trainLimit, 0))
        let held = Subset(heldOut, indices: some(heldOut, TrainTestCopies.heldOutLimit, 1))
        let both = Joined(first: learnt, second: held)
        let report = Scan(both).run(threads: threads) { progress($0, both.count) }
        // Names are places. Groups are led by their first, so by an image to learn from where they have one.
        var found: [Int: Int] = [:]
        let unreadable = Set(report.unreadable.compactMap { Int($0.path) })
        // Damaged files, often empty ones, are no copies of a picture.
        let same = report.duplicates.map { $0.compactMap { Int($0) }.filter { !unreadable.contains($0) } }
        let alike = report.nearDuplicates.map { $0.paths.compactMap { Int($0) } }
        for group in same + alike {
            guard let first = group.first, first < learnt.count else { continue }
            for place in group where place >= learnt.count { found[place] = first }
        }
        // Of held-out files with the same bytes only the first was compared by its looks.
        for group in same {
            guard let first = group.first, let original = found[first] else { continue }
            for place in group where place >= learnt.count { found[place] = original }
        }
        self.heldOut = held.count - unreadable.count { $0 >= learnt.count }
        self.train = learnt.count - unreadable.count { $0 < learnt.count }
        trainImages = learnt.count < train.count ? train.count : self.train
        copies = found.sorted { $0.key < $1.key }.map {
            Copy(heldOut: held.name($0.key - learnt.count), train: learnt.name($0.value))
        }
    }

    /// The share of held-out images with a copy; Wilson's interval, which holds for few as well.
    public var share: Estimate {
        guard heldOut > 0 else { return Estimate(0, low: 0, high: 1) }
        let (n, z) = (Double(heldOut), 1.96)
        let p = Double(copies.count) / n
        let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        return Estimate(p, low: min(p, max(0, centre - half)), high: max(p, min(1, centre + half)))
    }
}

/// Two sources, one after the other, whose names are their places: unique whatever the images are called.
private struct Joined: Source {
    let first: Subset
    let second: Subset

    var count: Int { first.count + second.count }
    var classes: [String] { [] }
    func label(_ index: Int) -> Int? { nil }
    func name(_ index: Int) -> String { String(index) }

    func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        if index < first.count {
            try first.read(index, into: buffer)
        } else {
            try second.read(index - first.count, into: buffer)
        }
    }
}
