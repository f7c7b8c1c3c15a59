import Views

/// Test images that look the same as a training image, by perceptual hash and colours (`Scan`). A score on them
/// measures how well the network memorises.
public struct TrainTestCopies: Sendable {
    /// A test image and the training image that looks the same.
    public struct Copy: Equatable, Sendable {
        /// The name of the test image.
        public var test: String
        /// The name of the training image.
        public var train: String

        /// Makes a pair.
        public init(test: String, train: String) {
            self.test = test
            self.train = train
        }
    }

    /// The largest number of training images that are compared; of more, a random subset.
    public static let trainLimit = 50_000
    /// The largest number of test images that are compared.
    public static let testLimit = 4096

    /// The number of readable test images that were compared.
    public var test: Int
    /// The number of readable training images that were compared.
    public var train: Int
    /// The number of all training images; without unreadable ones if all were compared.
    public var trainImages: Int
    /// The copies in the order of the test images, at most one for each.
    public var copies: [Copy]

    /// Makes a result.
    public init(test: Int, train: Int, trainImages: Int, copies: [Copy]) {
        (self.test, self.train, self.trainImages, self.copies) = (test, train, trainImages, copies)
    }

    /// Compares two sets of images; every image is decoded once.
    /// - Parameters:
    ///   - train: the training images.
    ///   - test: the test images.
    ///   - threads: at least 1.
    ///   - seed: the seed of the subsets.
    ///   - progress: called with the number of images done and of all, from any thread.
    public init(
        train: any Source, test: any Source, threads: Int, seed: UInt64 = 0,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) {
        func some(_ source: any Source, _ limit: Int, _ part: Int) -> Subset {
            guard source.count > limit else { return Subset(source, indices: Array(0..<source.count)) }
            var stream = RandomStream(RandomKey(seed: seed, sample: part, purpose: .comparedImages))
            return Subset(source, indices: stream.permutation(source.count).prefix(limit).sorted())
        }
        let training = some(train, TrainTestCopies.trainLimit, 0)
        let testing = some(test, TrainTestCopies.testLimit, 1)
        let both = Joined(first: training, second: testing)
        let report = Scan(both).run(threads: threads) { progress($0, both.count) }
        // Names are indices. The first of a group has the lowest, so it is a training image if the group has one.
        var found: [Int: Int] = [:]
        let unreadable = Set(report.unreadable.compactMap { Int($0.path) })
        // Damaged files, which are often empty, are not copies.
        let same = report.duplicates.map { $0.compactMap { Int($0) }.filter { !unreadable.contains($0) } }
        let alike = report.nearDuplicates.map { $0.paths.compactMap { Int($0) } }
        for group in same + alike {
            guard let first = group.first, first < training.count else { continue }
            for index in group where index >= training.count { found[index] = first }
        }
        // Of test files with the same bytes, the scan compares only the first by its pixels.
        for group in same {
            guard let first = group.first, let original = found[first] else { continue }
            for index in group where index >= training.count { found[index] = original }
        }
        self.test = testing.count - unreadable.count { $0 >= training.count }
        self.train = training.count - unreadable.count { $0 < training.count }
        trainImages = training.count < train.count ? train.count : self.train
        copies = found.sorted { $0.key < $1.key }.map {
            Copy(test: testing.name($0.key - training.count), train: training.name($0.value))
        }
    }

    /// The share of test images with a copy, with Wilson's interval, which is valid for few images too.
    public var share: Measured { Measured(copies.count, of: test) }
}

/// Two sources, one after the other, with indices as names, which are unique.
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
