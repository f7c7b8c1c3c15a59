import CTorch

/// A tensor that is trained, unless it is frozen.
public final class Parameter {
    /// Whether it has a gradient, and optimisers update it.
    public private(set) var isTrained = true
    /// The value; a leaf that requires a gradient.
    public private(set) var value: Tensor

    /// Takes a value and makes it require a gradient.
    public init(_ value: Tensor) throws(TorchError) {
        self.value = value
        try value.setRequiresGrad()
    }

    /// Whether this is a bias or belongs to a normalisation: one number per channel. Recipes often exclude these from
    /// weight decay.
    public var isBiasOrNorm: Bool { value.shape.count <= 1 }

    /// Keeps the value in the module's state, but without a gradient, as in a momentum network.
    public func freeze() throws(TorchError) {
        isTrained = false
        try value.setRequiresGrad(false)
    }

    /// The L2 norm of all gradients together, `sqrt(sum g^2)`; 0 without any, not finite if one of them is not.
    public static func gradientNorm(_ parameters: [Parameter]) throws(TorchError) -> Double {
        var norm = 0.0
        try check("norm", ctorch_grads_norm(parameters.map { $0.value.handle }, Int32(parameters.count), &norm))
        return norm
    }

    func replace(_ change: (Tensor) throws(TorchError) -> Tensor) throws(TorchError) {
        value = try change(value.detach()).detach()
        try value.setRequiresGrad(isTrained)
    }
}

/// A tensor that belongs to a module but is not trained, such as running statistics.
public final class Buffer {
    /// The value.
    public private(set) var value: Tensor

    /// Stores a value.
    public init(_ value: Tensor) { self.value = value }

    func replace(_ change: (Tensor) throws(TorchError) -> Tensor) throws(TorchError) { value = try change(value) }
}

/// A part of a network: a class whose stored parameters, buffers and modules are its state.
///
/// Keys are those of a PyTorch state dict: the property's name in snake_case, then a full stop, then the inner key.
public protocol Module: AnyObject {
    /// The members by key; by default the stored properties, found by reflection.
    var members: [(key: String, value: Any)] { get }
    /// Whether the members' keys omit the name of this module in its owner.
    var isInlined: Bool { get }
}

extension Module {
    /// Keys begin with the name in the owner.
    public var isInlined: Bool { false }

    /// The stored properties by name in snake_case, found by reflection.
    public var members: [(key: String, value: Any)] {
        Mirror(reflecting: self).children.compactMap { child in
            child.label.map { (snakeCase($0), child.value) }
        }
    }

    /// The parameters that are trained, in order of declaration.
    public var namedParameters: [(key: String, parameter: Parameter)] {
        allParameters.filter { $0.parameter.isTrained }
    }

    /// The buffers, which share memory with the module.
    public var buffers: [Tensor] { leaves(of: self, prefix: "").compactMap { ($0.value as? Buffer)?.value } }

    /// All parameters in order of declaration, frozen ones included.
    var allParameters: [(key: String, parameter: Parameter)] {
        leaves(of: self, prefix: "").compactMap { leaf in (leaf.value as? Parameter).map { (leaf.key, $0) } }
    }

    /// Parameters and buffers with their keys in order of declaration, sharing memory with the module.
    public var orderedState: [(key: String, value: Tensor)] {
        leaves(of: self, prefix: "").compactMap { leaf in
            ((leaf.value as? Parameter)?.value ?? (leaf.value as? Buffer)?.value).map { (leaf.key, $0) }
        }
    }

    /// Parameters and buffers by key, sharing memory with the module.
    public var stateDict: [String: Tensor] {
        var state: [String: Tensor] = [:]
        for leaf in leaves(of: self, prefix: "") {
            if let parameter = leaf.value as? Parameter { state[leaf.key] = parameter.value }
            if let buffer = leaf.value as? Buffer { state[leaf.key] = buffer.value }
        }
        return state
    }

    /// Copies values into the parameters and buffers. `ignoring` allows keys to be left over, such as a classifier's.
    /// - Throws: `StateError` if keys are missing or left over, or if shapes differ; nothing is then changed.
    public func load(
        stateDict state: [String: Tensor], ignoring: (String) -> Bool = { _ in false }
    ) throws(StateError) {
        try restore(stateDict, from: state, ignoring: ignoring) { $0.hasSuffix("num_batches_tracked") }
    }

    /// Moves parameters and buffers to a device, and weights of convolutions to the requested layout.
    public func move(to device: Device, channelsLast: Bool = false) throws(TorchError) {
        for leaf in leaves(of: self, prefix: "") {
            if let parameter = leaf.value as? Parameter {
                try parameter.replace { (value: Tensor) throws(TorchError) in
                    let moved = try value.to(device: device)
                    return channelsLast && moved.shape.count == 4 ? try moved.channelsLast() : moved
                }
            }
            if let buffer = leaf.value as? Buffer {
                try buffer.replace { (value: Tensor) throws(TorchError) in try value.to(device: device) }
            }
        }
    }
}

/// A state dict that does not fit a module.
public struct StateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Keys of the module that the state lacks.
    public var missing: [String]
    /// Keys of the state that the module lacks.
    public var unexpected: [String]
    /// Keys whose shapes differ, with both shapes.
    public var mismatched: [String]

    /// Makes an error.
    public init(missing: [String], unexpected: [String], mismatched: [String]) {
        self.missing = missing
        self.unexpected = unexpected
        self.mismatched = mismatched
    }

    /// All in one line, at most three of each.
    public var description: String {
        func some(_ what: String, _ keys: [String]) -> String? {
            guard !keys.isEmpty else { return nil }
            let more = keys.count > 3 ? " and \(keys.count - 3) more" : ""
            return "\(what) \(keys.prefix(3).joined(separator: ", "))\(more)"
        }
        return [some("missing", missing), some("unexpected", unexpected), some("mismatched", mismatched)]
            .compactMap { $0 }.joined(separator: "; ")
    }
}

/// A list of modules of one kind, with their indices as keys.
public final class ModuleList<Element>: Module {
    /// The modules.
    public let modules: [Element]

    /// Takes the modules in order.
    public init(_ modules: [Element]) { self.modules = modules }

    /// The modules by index.
    public var members: [(key: String, value: Any)] {
        modules.enumerated().map { ("\($0.offset)", $0.element) }
    }
}

private func leaves(of module: any Module, prefix: String) -> [(key: String, value: Any)] {
    module.members.flatMap { member -> [(key: String, value: Any)] in
        let key = prefix + member.key
        switch member.value {
        case is Parameter, is Buffer: return [(key, member.value)]
        case let inner as any Module: return leaves(of: inner, prefix: inner.isInlined ? prefix : key + ".")
        default:
            // The mirror of an optional member has one child if there is a value.
            let mirror = Mirror(reflecting: member.value)
            guard mirror.displayStyle == .optional, let some = mirror.children.first?.value else { return [] }
            if some is Parameter || some is Buffer { return [(key, some)] }
            return (some as? any Module).map { leaves(of: $0, prefix: key + ".") } ?? []
        }
    }
}

private func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { result, character in
        if character.isUppercase { result += "_" }
        result += character.lowercased()
    }
}
