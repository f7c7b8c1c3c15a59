import Torch

/// Maps the tensors of a file to those of a network.
///
/// Releases name one network in many ways: keys have prefixes such as `module.`, `encoder_q.`, `backbone.` or
/// `state_dict.`, and there may be a head. The prefix is the one with which most of the network's keys are found.
struct WeightMap {
    /// The index in the file's list for each key of the network.
    private(set) var places: [String: Int] = [:]
    /// Keys of the network that the file lacks.
    private(set) var missing: [String] = []
    /// The prefix of the keys in the file.
    private(set) var prefix = ""
    /// Whether the names differ, and tensors were found by their order and shapes.
    private(set) var isByOrder = false

    /// The names of the copies that releases evaluate, if a file has several copies of the network, in order of
    /// preference.
    private static let preferred = ["teacher", "ema", "target", "encoder_q", "student", "online", "backbone"]
    private static let unwanted = ["encoder_k", "momentum", "predictor", "optimizer", "key_encoder"]

    /// Finds the tensors of a network.
    /// - Parameters:
    ///   - network: the keys and shapes in order of declaration.
    ///   - file: the names and shapes in the file, in its order.
    ///   - prefix: the prefix of the keys; detected if nil.
    init(
        of network: [(key: String, shape: [Int])], in file: [(key: String, shape: [Int])], prefix given: String?
    ) {
        let wanted = network.filter { !WeightMap.isCount($0.key) }
        let own = Dictionary(uniqueKeysWithValues: wanted.map { ($0.key, $0.shape) })
        let names = file.map { WeightSpelling.timm($0.key) ?? $0.key }
        let prefixes = given.map { [$0] } ?? WeightMap.prefixes(own, names, file.map(\.shape))
        if let best = prefixes.first {
            prefix = best
            for (place, name) in names.enumerated() where name.hasPrefix(best) {
                let key = String(name.dropFirst(best.count))
                if own[key] != nil || WeightMap.isCount(key) { places[key] = place }
            }
        }
        missing = wanted.map(\.key).filter { places[$0] == nil }
        guard !missing.isEmpty, let start = WeightMap.order(wanted, file, prefix: given) else { return }
        isByOrder = true
        let counted = file.indices.filter { !WeightMap.isCount(file[$0].key) }
        places = Dictionary(uniqueKeysWithValues: zip(wanted, counted[start...]).map { ($0.key, $1) })
        missing = []
        prefix = given ?? ""
    }

    /// Whether a key is batch norm's count of batches, on which no feature depends.
    static func isCount(_ key: String) -> Bool { key.hasSuffix("num_batches_tracked") }

    /// Possible prefixes of the network's keys, the best first.
    private static func prefixes(_ own: [String: [Int]], _ names: [String], _ shapes: [[Int]]) -> [String] {
        var found: [String: (names: Int, shapes: Int)] = [:]
        for (name, shape) in zip(names, shapes) {
            var key = Substring(name)
            while true {
                if let expected = own[String(key)] {
                    let prefix = String(name.dropLast(key.count))
                    found[prefix, default: (0, 0)].names += 1
                    if expected == shape { found[prefix, default: (0, 0)].shapes += 1 }
                }
                guard let point = key.firstIndex(of: ".") else { break }
                key = key[key.index(after: point)...]
            }
        }
        func rank(_ prefix: String) -> Int {
            let parts = prefix.split(separator: ".").map(String.init)
            if parts.contains(where: { part in unwanted.contains { part.contains($0) } }) { return preferred.count + 1 }
            return preferred.firstIndex { parts.contains($0) } ?? preferred.count
        }
        return found.sorted { a, b in
            (b.value.names, b.value.shapes, rank(a.key), a.key.count, a.key)
                < (a.value.names, a.value.shapes, rank(b.key), b.key.count, b.key)
        }.map(\.key)
    }

    /// The position where the file has the network's shapes in order, with names of equal endings; nil if there is
    /// none.
    private static func order(
        _ wanted: [(key: String, shape: [Int])], _ file: [(key: String, shape: [Int])], prefix: String?
    ) -> Int? {
        // A few tensors may match by chance.
        guard wanted.count >= 16 else { return nil }
        let counted = file.filter { !isCount($0.key) }
        guard counted.count >= wanted.count else { return nil }
        func ending(_ key: String) -> Substring {
            key[(key.lastIndex(of: ".").map { key.index(after: $0) } ?? key.startIndex)...]
        }
        return (0...counted.count - wanted.count).first { start in
            wanted.indices.allSatisfy { index in
                let other = counted[start + index]
                return other.shape == wanted[index].shape && ending(other.key) == ending(wanted[index].key)
                    && (prefix.map { other.key.hasPrefix($0) } ?? true)
            }
        }
    }
}
