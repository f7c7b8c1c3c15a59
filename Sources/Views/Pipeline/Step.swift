/// The augmentations that a pipeline file can name, including those that hold other steps.
public struct Augmentations: ComponentFamily {
    /// The list of all augmentations.
    public static let registry = Registry<any Augmentation>(
        kind: "an augmentation", augmentationTypes.map { $0 } + [Apply.self, OneOf.self, RandomOrder.self])
}

/// One step of a pipeline, as a file writes it: `horizontal_flip`, or `resized_crop: {scale: [0.2, 1]}`.
public typealias Step = Selected<Augmentations>

/// An augmentation that holds other steps; each has its own random stream.
protocol Combinator: Augmentation {
    var steps: [Step] { get }
}

/// What one step drew for one view: enough to repeat the step.
public struct DrawnStep: Codable, Equatable, Sendable {
    /// What every augmentation's parameters conform to.
    public typealias Parameters = Codable & Equatable & Sendable

    /// The step's name.
    public let name: String
    /// What was drawn; nil if the step was skipped by chance.
    public let parameters: (any Parameters)?

    init(name: String, parameters: (any Parameters)?) {
        self.name = name
        self.parameters = parameters
    }

    /// Compares names and parameters.
    public static func == (first: DrawnStep, second: DrawnStep) -> Bool {
        func equal<Value: Equatable>(_ value: Value, _ other: Any) -> Bool { value == other as? Value }
        guard first.name == second.name else { return false }
        switch (first.parameters, second.parameters) {
        case (nil, nil): return true
        case (let one?, let other?): return equal(one, other)
        default: return false
        }
    }

    private enum Keys: String, CodingKey {
        case step, parameters, skipped
    }

    /// Decodes `{step: name, parameters: {...}}` or `{step: name, skipped: true}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        name = try container.decode(String.self, forKey: .step)
        if try container.decodeIfPresent(Bool.self, forKey: .skipped) == true {
            parameters = nil
            return
        }
        func read<Kind: Augmentation>(_ type: Kind.Type) throws -> any Parameters {
            try container.decode(Kind.Parameters.self, forKey: .parameters)
        }
        guard let type = try Augmentations.registry.type(named: name) as? any Augmentation.Type else {
            throw DecodingError.dataCorruptedError(
                forKey: .step, in: container, debugDescription: "\(name) is not an augmentation")
        }
        parameters = try read(type)
    }

    /// Encodes what `init(from:)` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(name, forKey: .step)
        if let parameters {
            try container.encode(parameters, forKey: .parameters)
        } else {
            try container.encode(true, forKey: .skipped)
        }
    }
}

/// Checks steps that a program built; those of a file were checked by the reader. An error's key is the step's path and
/// setting.
func validate(_ steps: [Step], path: String) throws(InvalidSetting) {
    for (index, step) in steps.enumerated() {
        do {
            try step.validate()
        } catch {
            throw InvalidSetting("\(path)[\(index)].\(error.key)", error.reason)
        }
    }
}

extension Augmentation {
    /// The number of nodes of this step and the steps that it holds.
    var nodes: Int { 1 + ((self as? any Combinator)?.steps.reduce(0) { $0 + $1.component.nodes } ?? 0) }

    func draw(from stream: RandomStream, input: Size, target: Size) -> DrawnStep {
        var stream = stream
        return DrawnStep(name: Self.name, parameters: sample(from: &stream, input: input, target: target))
    }

    func window(of drawn: DrawnStep) -> Region? {
        (drawn.parameters as? Parameters).flatMap(window)
    }

    func shrink(of drawn: DrawnStep) -> Int {
        (drawn.parameters as? Parameters).map(shrink) ?? 1
    }

    func replay(_ drawn: DrawnStep, on canvas: Canvas) {
        if let parameters = drawn.parameters as? Parameters { apply(parameters, to: canvas) }
    }

    /// Whether sampling draws random numbers; true for a step that holds others.
    var isRandom: Bool {
        var stream = RandomStream(RandomKey(seed: 0, purpose: .trunk))
        _ = sample(from: &stream, input: Size(width: 97, height: 89), target: Size(square: 64))
        return stream.hasDrawn || self is any Combinator
    }

    /// The size of the result; errors name the index of this step.
    func shape(of input: Shape, target: Size, at index: Int) throws(InvalidSetting) -> Shape {
        do {
            return try shape(of: input, target: target)
        } catch {
            let path = "steps[\(index)].\(Self.name)"
            throw InvalidSetting(error.key.isEmpty ? path : "\(path).\(error.key)", error.reason)
        }
    }

    /// The size after this step with these parameters. A step that cannot handle the picture throws even if it is
    /// skipped by chance, so that the same pictures are usable in every epoch.
    func size(of input: Size, target: Size, drawn: DrawnStep) throws(InvalidSetting) -> Size {
        guard case .fixed(let size) = try shape(of: .fixed(input), target: target), drawn.parameters != nil else {
            return input
        }
        return size
    }
}

/// Steps in order, each with its own stream; they are numbered in the pre-order of the graph.
extension [any Augmentation] {
    /// The size after all steps, as far as it is known.
    /// - Throws: `InvalidSetting` with the step's index and name as key.
    func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        var shape = input
        for (index, step) in enumerated() { shape = try step.shape(of: shape, target: target, at: index) }
        return shape
    }

    /// Draws all steps; `stream` is that of the first.
    func draw(from stream: RandomStream, input: Size, target: Size) throws(InvalidSetting) -> [DrawnStep] {
        var drawn: [DrawnStep] = []
        drawn.reserveCapacity(count)
        var node = 0
        var size = input
        for step in self {
            let one = step.draw(from: stream.descendant(node), input: size, target: target)
            size = try step.size(of: size, target: target, drawn: one)
            node += step.nodes
            drawn.append(one)
        }
        return drawn
    }

    /// Applies the parameters drawn for these steps.
    /// - Parameter after: called after each step with its index.
    func replay(_ drawn: [DrawnStep], on canvas: Canvas, after: (Int) -> Void = { _ in }) {
        for index in 0..<Swift.min(count, drawn.count) {
            self[index].replay(drawn[index], on: canvas)
            after(index)
        }
    }

    /// The only part of the input that the steps read; nil for all of it.
    func window(of drawn: [DrawnStep]) -> Region? {
        guard let step = first, let one = drawn.first else { return nil }
        return step.window(of: one)
    }

    /// By how much each side of the input may be smaller if speed matters more than exact values.
    func shrink(of drawn: [DrawnStep]) -> Int {
        guard let step = first, let one = drawn.first else { return 1 }
        return step.shrink(of: one)
    }
}
