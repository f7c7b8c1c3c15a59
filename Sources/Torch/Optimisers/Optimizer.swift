/// Updates parameters by their gradients.
public protocol Optimizer: AnyObject {
    /// Takes one step.
    /// - Parameters:
    ///   - factor: multiplies the learning rate; a schedule gives it.
    ///   - weightDecay: replaces that of the parameters that have one; nil for that of the settings.
    func step(factor: Double, weightDecay: Double?) throws(TorchError)

    /// Clears all gradients.
    func zeroGrad() throws(TorchError)

    /// The tensors that a checkpoint holds beside the parameters.
    var state: [String: Tensor] { get }

    /// Restores a `state`.
    func load(state: [String: Tensor]) throws(StateError)
}

extension Optimizer {
    /// Takes one step with the weight decay of the settings.
    public func step(factor: Double) throws(TorchError) { try step(factor: factor, weightDecay: nil) }
}

/// Parameters that share settings, and the optimiser's state tensors for each.
final class ParameterGroup {
    let keys: [String]
    let parameters: [Parameter]
    /// State tensors by name, in the order of the parameters.
    let slots: [String: [Tensor]]

    init(_ named: [(key: String, parameter: Parameter)], slots names: [String]) throws(TorchError) {
        keys = named.map { $0.key }
        parameters = named.map { $0.parameter }
        var slots: [String: [Tensor]] = [:]
        for name in names {
            var tensors: [Tensor] = []
            // A multiple of the parameter has its layout and device.
            for parameter in parameters { tensors.append(try (parameter.value.detach() * 0).detach()) }
            slots[name] = tensors
        }
        self.slots = slots
    }

    var state: [String: Tensor] {
        var state: [String: Tensor] = [:]
        for (name, tensors) in slots { for (key, tensor) in zip(keys, tensors) { state["\(name).\(key)"] = tensor } }
        return state
    }

    /// Splits parameters into those with decay and those without.
    static func split(
        _ named: [(key: String, parameter: Parameter)], sparingBiasAndNorm: Bool, slots: [String]
    ) throws(TorchError) -> (decayed: ParameterGroup, spared: ParameterGroup) {
        (
            try ParameterGroup(named.filter { !sparingBiasAndNorm || !$0.parameter.isBiasOrNorm }, slots: slots),
            try ParameterGroup(named.filter { sparingBiasAndNorm && $0.parameter.isBiasOrNorm }, slots: slots)
        )
    }
}

/// Overwrites tensors with others of the same keys and shapes. Changes nothing if they do not fit.
/// - Parameters:
///   - ignoring: whether a key of the state may be left over.
///   - optional: whether a key may be missing in the state.
func restore(
    _ own: [String: Tensor], from state: [String: Tensor], ignoring: (String) -> Bool = { _ in false },
    optional: (String) -> Bool = { _ in false }
) throws(StateError) {
    let missing = own.keys.filter { state[$0] == nil && !optional($0) }.sorted()
    let unexpected = state.keys.filter { own[$0] == nil && !ignoring($0) }.sorted()
    let mismatched = own.keys.sorted().compactMap { key -> String? in
        guard let given = state[key], let target = own[key], given.shape != target.shape else { return nil }
        return "\(key) is \(given.shape), must be \(target.shape)"
    }
    guard missing.isEmpty, unexpected.isEmpty, mismatched.isEmpty else {
        throw StateError(missing: missing, unexpected: unexpected, mismatched: mismatched)
    }
    do throws(TorchError) {
        for (key, target) in own { if let value = state[key] { try target.copy(from: value) } }
    } catch {
        throw StateError(missing: [], unexpected: [], mismatched: ["\(error)"])
    }
}
