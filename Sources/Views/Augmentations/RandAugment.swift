/// Applies some of fourteen operations, all of one strength: RandAugment (Cubuk 2019, 1909.13719), as in torchvision.
///
/// Each operation is drawn uniformly, with replacement. Its strength is entry `magnitude` of `num_magnitude_bins`
/// values that divide its range evenly; a direction is drawn with equal probability. Pixels from outside a sheared,
/// moved or rotated picture are `fill`.
public struct RandAugment: Augmentation {
    /// Its name in pipeline files.
    public static let name = "rand_augment"
    /// The number of operations, applied one after another.
    public var numOps = 2
    /// The strength, from 0 for the weakest to `num_magnitude_bins - 1`.
    public var magnitude = 9
    /// The number of strengths in each range.
    public var numMagnitudeBins = 31
    /// How pixels of moved, sheared and rotated pictures are computed.
    public var interpolation = WarpInterpolation.nearest
    /// The colour of pixels that come from outside the picture.
    public var fill = Fill()
    /// The probability that the step is applied, 0...1; always in torchvision.
    public var p = 1.0

    /// torchvision's defaults.
    public init() {}

    /// One operation as it was drawn.
    public struct Drawn: Codable, Equatable, Sendable {
        /// The operation.
        public var operation: RandAugmentOperation
        /// Its strength in its own unit; see `RandAugmentOperation`.
        public var magnitude: Double

        /// An operation with its strength.
        public init(_ operation: RandAugmentOperation, magnitude: Double) {
            self.operation = operation
            self.magnitude = magnitude
        }
    }

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The operations in their order.
        public var operations: [Drawn]

        /// Parameters with these values.
        public init(_ operations: [Drawn]) {
            self.operations = operations
        }
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("num_ops", numOps, in: 1...100)
        try require("num_magnitude_bins", numMagnitudeBins, in: 2...10000)
        guard (0..<numMagnitudeBins).contains(magnitude) else {
            throw InvalidSetting(
                "magnitude",
                "must be in 0...\(numMagnitudeBins - 1), below num_magnitude_bins, is \(magnitude)")
        }
        try require("p", p, in: 0...1)
    }

    /// Uses two random draws, and three more for each operation.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        let all = RandAugmentOperation.allCases
        let drawn = (0..<numOps).map { _ -> Drawn in
            let operation = all[random.integer(below: all.count)]
            let negative = random.chance(0.5)
            let strength = operation.strength(bin: magnitude, of: numMagnitudeBins, size: input)
            return Drawn(operation, magnitude: operation.isSigned && negative ? -strength : strength)
        }
        return Parameters(drawn)
    }

    /// Applies the operations in order and rounds to bytes after each.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        for drawn in parameters.operations {
            drawn.operation.apply(drawn.magnitude, interpolation: interpolation, fill: fill, to: canvas)
        }
    }
}
