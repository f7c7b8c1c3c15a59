/// Some operations of one strength, drawn from fourteen: RandAugment (Cubuk 2019, 1909.13719) as torchvision's.
///
/// Each operation is drawn uniformly, with replacement; its strength is entry `magnitude` of `num_magnitude_bins` that
/// divide its range evenly, and where it has a direction, that is a fair coin's. What comes from outside of a sheared,
/// moved or rotated picture is `fill`.
public struct RandAugment: Augmentation {
    /// `rand_augment`.
    public static let name = "rand_augment"
    /// How many operations follow one another.
    public var numOps = 2
    /// The strength, from 0 for the weakest to `num_magnitude_bins - 1`.
    public var magnitude = 9
    /// In how many strengths the ranges are divided.
    public var numMagnitudeBins = 31
    /// How moved pixels are computed.
    public var interpolation = WarpInterpolation.nearest
    /// The colour of what comes from outside.
    public var fill = Fill()
    /// The probability that anything is done; torchvision always does.
    public var p = 1.0

    /// torchvision's defaults.
    public init() {}

    /// One operation as it was drawn.
    public struct Drawn: Codable, Equatable, Sendable {
        /// Which it is.
        public var operation: RandAugmentOperation
        /// Its strength in its own unit; see `RandAugmentOperation`.
        public var magnitude: Double

        /// Makes a drawn operation.
        public init(_ operation: RandAugmentOperation, magnitude: Double) {
            self.operation = operation
            self.magnitude = magnitude
        }
    }

    /// What was drawn.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The operations in their order.
        public var operations: [Drawn]

        /// Makes parameters.
        public init(_ operations: [Drawn]) {
            self.operations = operations
        }
    }

    /// Checks the ranges.
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

    /// Two draws and three for each operation.
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

    /// Does one operation after the other, rounding to bytes after each.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        for drawn in parameters.operations {
            drawn.operation.apply(drawn.magnitude, interpolation: interpolation, fill: fill, to: canvas)
        }
    }
}
