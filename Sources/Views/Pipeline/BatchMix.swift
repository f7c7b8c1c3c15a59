import Files

/// Views of a batch mixed with each other after they are made: an option of the graph, off by default.
///
/// ```yaml
/// views:
///   mix: {mixup: {alpha: 0.2}}
///   mix: {mixup: {alpha: 0.8}, cutmix: {alpha: 1}, p: 0.5}
/// ```
/// mixup (Zhang 2017, 1710.09412): every view x becomes lambda x + (1 - lambda) x', on normalised floats. CutMix (Yun
/// 2019, 1905.04899): a rectangle of every view is taken from x'. x' is the same view of the image's partner, by one
/// permutation of the batch, and lambda is Beta(alpha, alpha): one for a batch, as torchvision draws it. Both are
/// functions of the seed, the epoch and the batch's index, and `ViewBatch.mixing` tells them to the loss. torchvision's
/// partner is the next image instead of a random one.
public struct BatchMix: Component {
    /// Its name in pipeline files.
    public static let name = "mix"
    /// mixup; off if nil.
    public var mixup: MixStrength?
    /// CutMix; off if nil. If both are set, each batch uses one of them.
    public var cutmix: MixStrength?
    /// The probability of CutMix if both are set, 0...1.
    public var cutmixShare = 0.5
    /// The probability that a batch is mixed.
    public var p = 1.0

    /// Neither mixup nor CutMix: set at least one of them.
    public init() {}

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        for (key, strength) in [("mixup", mixup), ("cutmix", cutmix)] {
            do throws(InvalidSetting) {
                try strength?.validate()
            } catch {
                throw InvalidSetting("\(key).\(error.key)", error.reason)
            }
        }
        guard mixup != nil || cutmix != nil else { throw InvalidSetting("", "must have mixup, cutmix or both") }
        try require("cutmix_share", cutmixShare, in: 0...1)
        try require("p", p, in: 0...1)
    }

    /// Draws how a batch is mixed; nil if it stays as it is.
    func sample(seed: UInt64, epoch: Int, batch: Int, count: Int, sizes: [Size]) -> Mixing? {
        var random = RandomStream(RandomKey(seed: seed, epoch: epoch, sample: batch, purpose: .mix))
        guard random.chance(p) else { return nil }
        let cuts = random.chance(cutmixShare)
        let partners = random.permutation(count)
        if let cutmix, cuts || mixup == nil {
            let lambda = random.beta(cutmix.alpha)
            let (x, y) = (random.unit(), random.unit())
            return Mixing(
                kind: .cutmix, partners: partners,
                branches: sizes.map { Mixing.Part(cutting: lambda, x: x, y: y, of: $0) })
        }
        guard let mixup else { return nil }
        let lambda = random.beta(mixup.alpha)
        return Mixing(kind: .mixup, partners: partners, branches: sizes.map { _ in Mixing.Part(lambda: lambda) })
    }
}

/// How strongly views are mixed.
public struct MixStrength: Component {
    /// Its name in pipeline files.
    public static let name = "strength"
    /// Both parameters of the Beta distribution of lambda, above 0; below 1, lambda is mostly near 0 or 1.
    public var alpha = 1.0

    /// torchvision's default: lambda is uniform.
    public init() {}

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("alpha", alpha, in: 0.001...1000)
    }
}

/// How a batch was mixed: view i of a branch is `lambda` itself and `1 - lambda` the view of image `partners[i]`.
public struct Mixing: Codable, Equatable, Sendable {
    /// The ways to mix.
    public enum Kind: String, Codable, Sendable {
        /// Weighted sums of two views.
        case mixup
        /// A rectangle of another view.
        case cutmix
    }

    /// How the views of one branch are mixed.
    public struct Part: Codable, Equatable, Sendable {
        /// The share of a view that is its own; for CutMix that of its area.
        public var lambda: Double
        /// What comes from the partner; nil for mixup.
        public var box: Region?

        /// A share, with a rectangle for CutMix.
        public init(lambda: Double, box: Region? = nil) {
            self.lambda = lambda
            self.box = box
        }

        /// The rectangle with its centre at (x, y), as shares of the size, and the area 1 - lambda before it is clipped
        /// to the view.
        init(cutting lambda: Double, x: Double, y: Double, of size: Size) {
            let half = 0.5 * (1 - lambda).squareRoot()
            func side(_ position: Double, _ length: Int) -> (start: Int, length: Int) {
                let centre = Int(position * Double(length))
                let reach = Int(half * Double(length))
                let start = max(centre - reach, 0)
                return (start, min(centre + reach, length) - start)
            }
            let (across, down) = (side(x, size.width), side(y, size.height))
            let box = Region(x: across.start, y: down.start, width: across.length, height: down.length)
            self.init(lambda: 1 - Double(box.size.area) / Double(max(1, size.area)), box: box)
        }
    }

    /// Whether by mixup or CutMix.
    public var kind: Kind
    /// For each image of the batch, the row of the image that it is mixed with; this may be its own row.
    public var partners: [Int]
    /// One for each branch.
    public var branches: [Part]

    /// A way to mix.
    public init(kind: Kind, partners: [Int], branches: [Part]) {
        (self.kind, self.partners, self.branches) = (kind, partners, branches)
    }
}

extension RandomStream {
    /// A draw from Beta(alpha, alpha), as the share of one of two gamma draws in their sum.
    mutating func beta(_ alpha: Double) -> Double {
        // By logarithms, since gamma draws of a small alpha underflow.
        let (first, second) = (logGamma(alpha), logGamma(alpha))
        return 1 / (1 + exp(second - first))
    }

    /// The logarithm of a draw from Gamma(alpha, 1): Marsaglia and Tsang 2000, "A simple method for generating gamma
    /// variables", for alpha + 1, then multiplied by a uniform draw to the power 1 / alpha.
    private mutating func logGamma(_ alpha: Double) -> Double {
        let d = alpha + 1 - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        let power = log(1 - unit()) / alpha
        while true {
            let x = normal()
            let cube = (1 + c * x) * (1 + c * x) * (1 + c * x)
            guard cube > 0 else { continue }
            if log(1 - unit()) < 0.5 * x * x + d - d * cube + d * log(cube) { return log(d * cube) + power }
        }
    }
}
