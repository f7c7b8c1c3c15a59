import Torch

/// The state of an encoder from a file of weights, and a summary of what was used.
struct LoadedWeights {
    /// Values by the network's keys, converted to its shapes.
    private(set) var state: [String: Tensor] = [:]
    /// What was used, skipped and converted, in one line.
    let words: String

    /// Reads the tensors of a network.
    /// - Parameters:
    ///   - name: the network's name in the pipeline file.
    ///   - prefix: the prefix of its keys in the file; detected if nil.
    /// - Throws: `TrainingError`, of kind `unusable`, if tensors are missing, have other shapes, or are not finite.
    init(_ file: WeightsFile, for network: any Encoder, name: String, prefix: String?) throws(TrainingError) {
        func refuse(_ reason: String) -> TrainingError { TrainingError(.unusable, "\(file.path): \(reason)") }
        let own = network.orderedState.map { (key: $0.key, shape: $0.value.shape) }
        let map = WeightMap(of: own, in: file.tensors.map { ($0.key, $0.tensor.shape) }, prefix: prefix)
        let wanted = own.filter { !WeightMap.isCount($0.key) }
        guard map.missing.isEmpty else {
            let found = wanted.count - map.missing.count
            let under = map.prefix.isEmpty ? "" : " under \(map.prefix)"
            let seen = file.tensors.prefix(3).map(\.key).joined(separator: ", ")
            throw refuse(
                "has \(found) of the \(wanted.count) tensors of \(name)\(found > 0 ? under : ""): it lacks "
                    + "\(map.missing.prefix(3).joined(separator: ", "))\(map.missing.count > 3 ? " and others" : ""), "
                    + "and has \(seen)\(file.tensors.count > 3 ? " and others" : ""); name its network with "
                    + "--encoder, or the prefix of its keys with --weights-prefix")
        }
        var notes: [String] = []
        for (key, shape) in own {
            guard let place = map.places[key] else { continue }
            let (stored, tensor) = file.tensors[place]
            do {
                let value = try WeightConversion.convert(tensor.tensor(), key: key, to: shape)
                if let note = value.note { notes.append(note) }
                // 0 times infinity or NaN is NaN.
                guard try (value.tensor.to(.float32) * 0).sum().item() == 0 else {
                    throw WeightConversion.Failure(reason: "\(stored) has values that are infinite or NaN")
                }
                state[key] = value.tensor
            } catch let error as WeightConversion.Failure {
                throw refuse("does not fit \(name): \(error.reason)")
            } catch {
                throw refuse("\(stored): \(error)")
            }
        }
        let taken = Set(map.places.values)
        let others = file.tensors.indices.filter { !taken.contains($0) }.map { file.tensors[$0].key }
            .filter { !WeightMap.isCount($0) }
        var words = "weights: all \(wanted.count) tensors of \(name) from \(file.path)"
        if !map.prefix.isEmpty { words += " under \(map.prefix)" }
        if map.isByOrder { words += ", by their order and shapes, because the names differ" }
        if !others.isEmpty { words += "; not used: \(LoadedWeights.groups(others, prefix: map.prefix))" }
        self.words = ([words] + notes).joined(separator: "; ")
    }

    /// Reads the weights that the encoder of a run starts from; nil if it starts from random ones.
    /// - Throws: as `init(_:for:name:prefix:)`; `TorchError`.
    init?(startOf experiment: Experiment, prefix: String?) throws {
        guard let path = experiment.encoder.component.weights else { return nil }
        try self.init(
            WeightsFile(EncoderFile.weights(of: path)),
            for: experiment.encoder.component.build(generator: Generator(seed: 0)), name: experiment.encoder.name,
            prefix: prefix)
    }

    /// The names in groups, by their first component after the prefix.
    private static func groups(_ names: [String], prefix: String) -> String {
        let known = prefix.split(separator: ".")
        var order: [String] = []
        var counts: [String: Int] = [:]
        for name in names {
            let parts = name.split(separator: ".")
            let common = zip(parts, known).prefix { $0 == $1 }.count
            let group = parts.prefix(common + 1).joined(separator: ".")
            if counts.updateValue((counts[group] ?? 0) + 1, forKey: group) == nil { order.append(group) }
        }
        let shown = order.prefix(4).map { group in counts[group] == 1 ? group : "\(group) (\(counts[group] ?? 0))" }
        return shown.joined(separator: ", ") + (order.count > 4 ? " and \(order.count - 4) more groups" : "")
    }
}
