import Torch
import Views

/// Bootstrap intervals of means over samples (Efron 1979), with the same seeded resamples for every measurement.
public struct Bootstrap {
    /// How often each of N samples occurs in each of B resamples, divided by N, `[B, N]`, float64.
    private let weights: Tensor
    private let count: Int
    private let replicates: Int

    /// Draws the resamples; draw `b` depends on (seed, b) alone.
    public init(count: Int, replicates: Int = 200, seed: UInt64) throws(TorchError) {
        var drawn = [Double](repeating: 0, count: replicates * count)
        drawn.withUnsafeMutableBufferPointer { drawn in
            for replicate in 0..<replicates {
                var stream = RandomStream(RandomKey(seed: seed, sample: replicate, purpose: .bootstrap))
                for _ in 0..<count { drawn[replicate * count + stream.integer(below: count)] += 1 }
            }
        }
        weights = try Tensor(drawn, shape: [replicates, count]) / Double(count)
        self.count = count
        self.replicates = replicates
    }

    /// The mean with the 2.5% and 97.5% quantiles of its resampled means.
    /// - Parameter values: one for each sample, in the samples' order.
    public func mean(_ values: [Double]) throws(TorchError) -> Measured {
        let column = try Tensor(values, shape: [count, 1])
        let means: [Double] = try weights.matmul(column).toArray()
        let ordered = means.sorted()
        return Measured(
            values.reduce(0, +) / Double(count), low: quantile(ordered, 0.025), high: quantile(ordered, 0.975))
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
