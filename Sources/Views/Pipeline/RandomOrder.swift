/// All steps in a random order: torchvision's `RandomOrder`.
///
/// No step may change the size, since any step may come first.
public struct RandomOrder: Combinator {
    /// Its name in pipeline files.
    public static let name = "random_order"
    /// The steps.
    public var steps: [Step] = []

    /// No steps.
    public init() {}

    /// Steps in any order.
    public init(steps: [Step]) {
        self.steps = steps
    }

    /// The order, and what the steps drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The indices of the steps in the order of application.
        public var order: [Int]
        /// What they drew, in the order of application.
        public var steps: [DrawnStep]
    }

    /// Throws `InvalidSetting` without steps, or for a step with such a setting.
    public func validate() throws(InvalidSetting) {
        guard !steps.isEmpty else { throw InvalidSetting("steps", "must hold at least one step") }
        try Views.validate(steps, path: "steps")
    }

    /// The size of the input.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        for (index, step) in steps.enumerated()
        where try step.component.shape(of: input, target: target, at: index) != input {
            throw InvalidSetting("steps", "come in any order, so must not change the size")
        }
        return input
    }

    /// Uses one random draw fewer than there are steps; the steps have their own streams.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        var streams: [RandomStream] = []
        var node = 1
        for step in steps {
            streams.append(random.descendant(node))
            node += step.component.nodes
        }
        let order = random.permutation(steps.count)
        return Parameters(
            order: order,
            steps: order.map { steps[$0].component.draw(from: streams[$0], input: input, target: target) })
    }

    /// Applies the steps in the order drawn.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        for (index, drawn) in zip(parameters.order, parameters.steps) where steps.indices.contains(index) {
            steps[index].component.replay(drawn, on: canvas)
        }
    }
}
