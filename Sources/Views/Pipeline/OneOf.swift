/// One of several steps, chosen by weight: torchvision's `RandomChoice`.
///
/// All steps must end in the same extent, since any of them may be chosen.
public struct OneOf: Combinator {
    /// `one_of`.
    public static let name = "one_of"
    /// How often each is chosen, in proportion; equally often if nil.
    public var weights: [Double]?
    /// What is chosen from.
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

    /// Checks the steps, and that there is a weight for each.
    public func validate() throws(InvalidSetting) {
        guard !steps.isEmpty else { throw InvalidSetting("steps", "must hold at least one step") }
        try Views.validate(steps, place: "steps")
        guard let weights else { return }
        guard weights.count == steps.count else {
            throw InvalidSetting("weights", "must be as many as steps, \(steps.count), is \(weights.count)")
        }
        for weight in weights { try require("weights", weight, in: 0...1e9) }
        guard weights.contains(where: { $0 > 0 }) else { throw InvalidSetting("weights", "must not all be 0") }
    }

    /// The extent that every step ends in.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        var result: Shape?
        for (index, step) in steps.enumerated() {
            let shape = try step.component.shape(of: input, target: target, place: index)
            guard shape == result ?? shape else {
                throw InvalidSetting("steps", "must all end in the same extent, since any may be chosen")
            }
            result = shape
        }
        return result ?? input
    }

    /// Two draws; the step has a stream of its own.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        let weights = weights ?? Array(repeating: 1, count: steps.count)
        var rest = random.unit() * weights.reduce(0, +)
        // The last with a weight takes what rounding leaves over.
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
