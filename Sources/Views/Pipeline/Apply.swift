/// Steps applied together with probability `p`, otherwise none of them: torchvision's `RandomApply`.
///
/// The steps must leave the extent as it is, since they may be left out.
public struct Apply: Combinator {
    /// `apply`.
    public static let name = "apply"
    /// The probability.
    public var p = 0.5
    /// What is applied, in order.
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

    /// Checks the probability and the steps.
    public func validate() throws(InvalidSetting) {
        try require("p", p, in: 0...1)
        guard !steps.isEmpty else { throw InvalidSetting("steps", "must hold at least one step") }
        try Views.validate(steps, place: "steps")
    }

    /// The extent of the input.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        let result = try steps.map(\.component).shape(of: input, target: target)
        guard result == input else {
            throw InvalidSetting("steps", "may be left out, so must not change the extent")
        }
        return input
    }

    /// Two draws; the steps have streams of their own.
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
