import Torch
import Views

/// Bootstrap intervals of means over samples (Efron 1979), with the same seeded resamples for every measurement.
public struct Bootstrap {
    /// How often each of N samples occurs in each of B resamples, divided by N, `[B, N]`, float64.
    private let weights: Tensor
    private let count: Int

    /// Draws the resamples; draw `b` depends on (seed, b) alone.
    public init(count: Int, replicates: Int = 200, seed: UInt64) throws(TorchError) {
        try self.init(count: count, draws: 0..<replicates, seed: seed)
    }

    private init(count: Int, draws: Range<Int>, seed: UInt64) throws(TorchError) {
        var drawn = [Double](repeating: 0, count: draws.count * count)
        drawn.withUnsafeMutableBufferPointer { drawn in
            for (row, draw) in draws.enumerated() {
                var stream = RandomStream(RandomKey(seed: seed, sample: draw, purpose: .bootstrap))
                for _ in 0..<count { drawn[row * count + stream.integer(below: count)] += 1 }
            }
        }
        weights = try Tensor(drawn, shape: [draws.count, count]) / Double(count)
        self.count = count
    }

    /// The means of several values of the same samples, as `mean`, from resamples that are drawn in blocks of 128 MiB.
    /// - Parameter columns: of each kind of value one for each sample.
    static func means(
        of columns: [[Double]], replicates: Int, seed: UInt64
    ) throws(TorchError) -> [Measured] {
        guard let count = columns.first?.count, count > 0 else { return [] }
        let values = try Tensor(columns.flatMap { $0 }, shape: [columns.count, count]).transpose(0, 1)
        var blocks: [Tensor] = []
        let block = max(1, (1 << 24) / count)
        for start in stride(from: 0, to: replicates, by: block) {
            let draws = try Bootstrap(count: count, draws: start..<min(start + block, replicates), seed: seed)
            blocks.append(try draws.weights.matmul(values))
        }
        let means = try Tensor.cat(blocks, dim: 0)
        var measured: [Measured] = []
        for (index, column) in columns.enumerated() {
            let own: [Double] = try means.narrow(dim: 1, start: index, length: 1).reshape([-1]).toArray()
            measured.append(Bootstrap.interval(of: column, own))
        }
        return measured
    }

    private static func interval(of values: [Double], _ means: [Double]) -> Measured {
        let ordered = means.sorted()
        return Measured(
            values.reduce(0, +) / Double(values.count), low: quantile(ordered, 0.025), high: quantile(ordered, 0.975))
    }

    /// The mean with the 2.5% and 97.5% quantiles of its resampled means.
    /// - Parameter values: one for each sample, in the samples' order.
    public func mean(_ values: [Double]) throws(TorchError) -> Measured {
        let column = try Tensor(values, shape: [count, 1])
        return Bootstrap.interval(of: values, try weights.matmul(column).toArray())
    }
}

/// The quantile of sorted values, interpolated linearly.
func quantile(_ sorted: [Double], _ share: Double) -> Double {
    guard let last = sorted.last else { return .nan }
    let position = share * Double(sorted.count - 1)
    let index = Int(position)
    guard index + 1 < sorted.count else { return last }
    return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
}
