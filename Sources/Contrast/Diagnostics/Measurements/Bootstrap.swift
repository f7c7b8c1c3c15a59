import Torch
import Views

/// Bootstrap intervals of means over samples (Efron 1979): the same resamples for every measurement, drawn by a seed.
public struct Bootstrap {
    /// How often each of N samples was drawn in each of B resamples, `[B, N]`, float64.
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
    /// - Parameter values: one number for each sample, in the samples' order.
    public func mean(_ values: [Double]) throws(TorchError) -> Estimate {
        let column = try Tensor(values, shape: [count, 1])
        let means: [Double] = try weights.matmul(column).toArray()
        let ordered = means.sorted()
        return Estimate(
            values.reduce(0, +) / Double(count), low: quantile(ordered, 0.025), high: quantile(ordered, 0.975))
    }
}

/// The quantile of ordered numbers, between neighbours in proportion.
func quantile(_ ordered: [Double], _ share: Double) -> Double {
    guard let last = ordered.last else { return .nan }
    let place = share * Double(ordered.count - 1)
    let index = Int(place)
    guard index + 1 < ordered.count else { return last }
    return ordered[index] + (place - Double(index)) * (ordered[index + 1] - ordered[index])
}
