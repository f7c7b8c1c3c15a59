import Foundation
import Testing
import Torch

/// Reference figures beside this file; see README.md there.
enum Fixture {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures"

    /// Reads NAME.json, keys in camelCase.
    static func read<Content: Decodable>(_ name: String, as type: Content.Type = Content.self) throws -> Content {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).json")))
    }

    /// The values that a rule makes, as in common.py; a plain loop, because tests are not optimised and weights are
    /// many.
    static func hashed(_ count: Int, stream: UInt64) -> [Double] {
        let offset = UInt32(truncatingIfNeeded: (stream + 1) &* 2_246_822_519)
        return [Double](unsafeUninitializedCapacity: count) { memory, filled in
            guard count > 0, let values = memory.baseAddress else { return }
            var index: UInt32 = 0
            while Int(index) < count {
                var u = index &* 2_654_435_761 &+ offset
                u = (u ^ (u &>> 16)) &* 0x85eb_ca6b
                u = (u ^ (u &>> 13)) &* 0xc2b2_ae35
                u ^= u &>> 16
                values[Int(index)] = Double(u &>> 8) / 8_388_608 - 1
                index &+= 1
            }
            filled = count
        }
    }

    /// The input of the encoders' fixtures.
    static func images(_ size: [Int], count: Int = 2) throws -> Tensor {
        let shape = [count, 3] + size
        return try (Tensor(hashed(shape.reduce(1, *), stream: 1_000_000), shape: shape) * 2).to(.float32)
    }

    /// Rows as a tensor in float64.
    static func tensor(_ rows: [[Double]]) throws -> Tensor {
        try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows.first?.count ?? 0])
    }
}

/// The largest difference over the largest wanted value, at least `floor`; NaN where one is NaN.
func difference(_ found: Tensor, _ wanted: [[Double]], floor: Double = 1e-30) throws -> Double {
    let values: [Double] = try found.toArray()
    let flat = wanted.flatMap { $0 }
    guard values.count == flat.count else { return .nan }
    let scale = flat.reduce(floor) { max($0, abs($1)) }
    return zip(values, flat).reduce(0.0) { worst, pair in
        let difference = abs(pair.0 - pair.1) / scale
        return difference <= worst ? worst : difference
    }
}
