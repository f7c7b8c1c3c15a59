import Foundation

/// What Fixtures/torchvision/sampling.py wrote.
enum SamplingFixture {
    /// Reads the parts that `type` names.
    static func read<Value: Decodable>(_ type: Value.Type) -> Value? {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/torchvision/sampling.json")
        return (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(type, from: $0) }
    }
}
