/// Steps applied together with probability `p`, otherwise none of them: torchvision's `RandomApply`.
///
/// The steps must keep the size of the picture, since they may be skipped.
public struct Apply: Combinator {
    /// Its name in pipeline files.
    public static let name = "apply"
    /// The probability that the step is applied, 0...1.
    public var p = 0.5
    /// The steps, in the order in which they are applied.
    public var steps: [Step] = []

    /// No steps, p = 0.5.
    public init() {}

    /// Steps with a probability.
    public init(p: Double, steps: [Step]) {
        self.p = p
        self.steps = steps
    }

    /// What the steps drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// One for each step, in order.
        public var steps: [DrawnStep]
    }

    /// Throws `InvalidSetting` for a probability outside 0...1, no steps, or a step with such a setting.
    public func validate() throws(InvalidSetting) {
        try require("p", p, in: 0...1)
        guard !steps.isEmpty else { throw InvalidSetting("steps", "must hold at least one step") }
        try Views.validate(steps, path: "steps")
    }

    /// The size of the input.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        let result = try steps.map(\.component).shape(of: input, target: target)
        guard result == input else {
            throw InvalidSetting("steps", "may be skipped, so must not change the size")
        }
        return input
    }

    /// Uses two random draws; each step has a separate stream.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        let drawn = try? steps.map(\.component).draw(from: random.descendant(1), input: input, target: target)
        return drawn.map(Parameters.init)
    }

    /// Applies the steps.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        steps.map(\.component).replay(parameters.steps, on: canvas)
    }
}
