/// One of several steps, chosen by weight: torchvision's `RandomChoice`.
///
/// All steps must give the same size, since any of them may be chosen.
public struct OneOf: Combinator {
    /// Its name in pipeline files.
    public static let name = "one_of"
    /// The weight of each step: its probability up to a factor. All weights are equal if nil.
    public var weights: [Double]?
    /// The steps to choose from.
    public var steps: [Step] = []

    /// No steps.
    public init() {}

    /// Steps with weights.
    public init(weights: [Double]? = nil, steps: [Step]) {
        self.weights = weights
        self.steps = steps
    }

    /// What was chosen.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The index of the step.
        public var choice: Int
        /// What it drew.
        public var step: DrawnStep
    }

    /// Throws `InvalidSetting` without steps, or unless there is one weight for each step.
    public func validate() throws(InvalidSetting) {
        guard !steps.isEmpty else { throw InvalidSetting("steps", "must hold at least one step") }
        try Views.validate(steps, path: "steps")
        guard let weights else { return }
        guard weights.count == steps.count else {
            throw InvalidSetting("weights", "must be one for each of the \(steps.count) steps, are \(weights.count)")
        }
        for weight in weights { try require("weights", weight, in: 0...1e9) }
        guard weights.contains(where: { $0 > 0 }) else { throw InvalidSetting("weights", "must not all be 0") }
    }

    /// The size that every step gives.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        var result: Shape?
        for (index, step) in steps.enumerated() {
            let shape = try step.component.shape(of: input, target: target, at: index)
            guard shape == result ?? shape else {
                throw InvalidSetting("steps", "must all give the same size, since any may be chosen")
            }
            result = shape
        }
        return result ?? input
    }

    /// Uses two random draws; the step has a separate stream.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        let weights = weights ?? Array(repeating: 1, count: steps.count)
        var rest = random.unit() * weights.reduce(0, +)
        // Rounding may leave a remainder, which the last step with a weight gets.
        var choice = weights.lastIndex { $0 > 0 } ?? 0
        for (index, weight) in weights.enumerated() {
            if rest < weight {
                choice = index
                break
            }
            rest -= weight
        }
        guard steps.indices.contains(choice) else { return nil }
        let before = steps[..<choice].reduce(0) { $0 + $1.component.nodes }
        let stream = random.descendant(1 + before)
        return Parameters(
            choice: choice, step: steps[choice].component.draw(from: stream, input: input, target: target))
    }

    /// The part that the chosen step reads.
    public func window(_ parameters: Parameters) -> Region? {
        steps.indices.contains(parameters.choice)
            ? steps[parameters.choice].component.window(of: parameters.step) : nil
    }

    /// What the chosen step allows.
    public func shrink(_ parameters: Parameters) -> Int {
        steps.indices.contains(parameters.choice)
            ? steps[parameters.choice].component.shrink(of: parameters.step) : 1
    }

    /// Applies the chosen step.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        guard steps.indices.contains(parameters.choice) else { return }
        steps[parameters.choice].component.replay(parameters.step, on: canvas)
    }
}
