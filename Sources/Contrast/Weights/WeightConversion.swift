import Foundation
import Torch

/// Converts a tensor to another shape, if there is an established convention.
enum WeightConversion {
    /// Why a tensor cannot be converted.
    struct Failure: Error {
        var reason: String
    }

    /// The converted tensor, with a note on the conversion; no note if the shape is already right.
    /// - Throws: `Failure` if there is no convention; `TorchError`.
    static func convert(_ tensor: Tensor, key: String, to shape: [Int]) throws -> (tensor: Tensor, note: String?) {
        let from = tensor.shape
        if from == shape { return (tensor, nil) }
        if key == "pos_embed", from.count == 3, shape.count == 3, from[2] == shape[2] {
            return try positions(tensor, to: shape)
        }
        if from.count == 4, shape.count == 4, from[0] == shape[0], shape[1] == 3, from[2...] == shape[2...] {
            // A gray picture with three equal channels then gives the same features.
            if from[1] == 1 {
                let each = try tensor.to(.float32) / Double(shape[1])
                return (
                    try Tensor.cat(Array(repeating: each, count: shape[1]), dim: 1),
                    "\(key), which takes one channel, was divided over \(shape[1])"
                )
            }
            throw Failure(reason: "\(key) takes \(from[1]) channels, but pictures have \(shape[1])")
        }
        if key == "conv1.weight", from.count == 4, shape.count == 4, from[0] == shape[0], from[2] != shape[2] {
            let stem = from[2] == 7 ? "imagenet" : from[2] == 3 ? "small" : nil
            throw Failure(
                reason: "\(key) is \(from[2])x\(from[3]), but the network's is \(shape[2])x\(shape[3])"
                    + (stem.map { ": set stem: \($0)" } ?? ""))
        }
        if key == "patch_embed.proj.weight", from.count == 4, shape.count == 4, from[2] != shape[2] {
            throw Failure(
                reason: "its patches are of \(from[2]) pixels, the network's of \(shape[2]): set patch: \(from[2])")
        }
        throw Failure(reason: "\(key) is \(from), and must be \(shape)")
    }

    /// Position embeddings for another grid, interpolated as in timm: bicubic with antialiasing. Tokens before the
    /// patches keep theirs.
    private static func positions(_ tensor: Tensor, to shape: [Int]) throws -> (tensor: Tensor, note: String?) {
        func grid(_ tokens: Int) -> (side: Int, extra: Int)? {
            for extra in [1, 0, 5] {
                let side = Int(Double(max(tokens - extra, 0)).squareRoot().rounded())
                if side > 0, side * side + extra == tokens { return (side, extra) }
            }
            return nil
        }
        guard let old = grid(tensor.shape[1]), let new = grid(shape[1]), old.extra == new.extra else {
            throw Failure(reason: "pos_embed has \(tensor.shape[1]) tokens, but the network has \(shape[1])")
        }
        let width = shape[2]
        let weights = try Tensor(cubic(from: old.side, to: new.side), shape: [new.side, old.side])
        let all = try tensor.to(.float32)
        let patches = try all.narrow(dim: 1, start: old.extra, length: old.side * old.side)
        // Rows, then columns: [new, old] x [old, old W] and [new, old] x [new][old, W].
        let rows = try weights.matmul(patches.reshape([old.side, old.side * width])).reshape([
            new.side, old.side, width,
        ])
        let resized = try weights.matmul(rows).reshape([1, new.side * new.side, width])
        let extra = try all.narrow(dim: 1, start: 0, length: old.extra)
        return (
            new.extra > 0 ? try Tensor.cat([extra, resized], dim: 1) : resized,
            "position embeddings were interpolated from \(old.side)x\(old.side) to \(new.side)x\(new.side)"
        )
    }

    /// The weights of `torch.nn.functional.interpolate(mode="bicubic", antialias=True)` along one axis, `[to, from]`
    /// row by row: Keys's kernel with a = -0.5, widened by the scale where that is above 1.
    static func cubic(from: Int, to: Int) -> [Float] {
        let scale = Double(from) / Double(to)
        let stretch = max(scale, 1)
        func kernel(_ x: Double) -> Double {
            let (a, x) = (-0.5, abs(x))
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
        }
        return (0..<to).flatMap { index in
            let center = scale * (Double(index) + 0.5)
            let first = max(Int(center - 2 * stretch + 0.5), 0)
            let end = min(Int(center + 2 * stretch + 0.5), from)
            let row = (0..<from).map { place in
                place >= first && place < end ? kernel((Double(place) - center + 0.5) / stretch) : 0
            }
            let sum = row.reduce(0, +)
            return row.map { Float($0 / sum) }
        }
    }
}
