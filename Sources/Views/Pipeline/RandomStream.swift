import Files

/// What a stream of random draws belongs to. The same key gives the same draws on any thread and machine.
public struct RandomKey: Hashable, Codable, Sendable {
    /// The run's seed.
    public var seed: UInt64
    /// The epoch, from 0.
    public var epoch: Int
    /// The sample's index in its source.
    public var sample: Int
    /// The view's index over all branches, from 0; or the raw value of a `Purpose`.
    public var view: Int
    /// The step's index in the graph, in order of appearance.
    public var node: Int

    /// Makes the key of one view's draws.
    public init(seed: UInt64, epoch: Int, sample: Int, view: Int, node: Int = 0) {
        self.seed = seed
        self.epoch = epoch
        self.sample = sample
        self.view = view
        self.node = node
    }
}

/// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
///
/// `(seed, epoch, sample)` are mixed by one Philox block into the key of the stream; `(view, node)` and the number of
/// the block are its counter. So streams never overlap, share no state, and can be replayed from a key.
public struct RandomStream: Sendable {
    private let key: SIMD2<UInt32>
    private var counter: SIMD4<UInt32>
    private var block = SIMD4<UInt32>()
    private var used = 4

    /// The stream of one key.
    public init(_ key: RandomKey) {
        let sample = UInt64(bitPattern: Int64(key.sample))
        let epoch = UInt64(bitPattern: Int64(key.epoch))
        let mixed = RandomStream.philox(
            SIMD4(
                UInt32(truncatingIfNeeded: sample), UInt32(truncatingIfNeeded: sample >> 32),
                UInt32(truncatingIfNeeded: epoch), UInt32(truncatingIfNeeded: epoch >> 32)),
            key: SIMD2(UInt32(truncatingIfNeeded: key.seed), UInt32(truncatingIfNeeded: key.seed >> 32)))
        self.key = SIMD2(mixed.x, mixed.y)
        self.counter = SIMD4(
            mixed.z, 0, UInt32(truncatingIfNeeded: key.view), UInt32(truncatingIfNeeded: key.node))
    }

    /// Whether anything was drawn.
    var hasDrawn: Bool { counter.y > 0 }

    /// The stream of the node that comes `offset` nodes later in the graph, from its start.
    func descendant(_ offset: Int) -> RandomStream {
        var stream = self
        stream.counter.y = 0
        stream.counter.w &+= UInt32(truncatingIfNeeded: offset)
        stream.used = 4
        return stream
    }

    /// The next 32 random bits.
    public mutating func next() -> UInt32 {
        if used == 4 {
            block = RandomStream.philox(counter, key: key)
            counter.y &+= 1
            used = 0
        }
        defer { used += 1 }
        return block[used]
    }

    /// Uniform in `[0, 1)`, 53 bits; two draws.
    public mutating func unit() -> Double {
        let high = UInt64(next() >> 5)
        let low = UInt64(next() >> 6)
        return Double(high << 26 | low) * 0x1p-53
    }

    /// Uniform in `[lower, upper)`; `lower` where the range is empty.
    public mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * unit()
    }

    /// A uniform integer in `0..<bound` (Lemire's multiplication, without the rejection: the bias is below 2^-32 times
    /// `bound`).
    public mutating func integer(below bound: Int) -> Int {
        Int(truncatingIfNeeded: (UInt64(next()) &* UInt64(bound)) >> 32)
    }

    /// True with probability `p`; always two draws, so that `p` does not shift what follows.
    public mutating func chance(_ p: Double) -> Bool {
        unit() < p
    }

    /// A standard normal draw (Box-Muller, the cosine half); four draws.
    public mutating func normal() -> Double {
        let radius = (-2 * log(1 - unit())).squareRoot()
        return radius * cos(2 * .pi * unit())
    }

    /// A uniformly random order of `0..<count` (Fisher-Yates).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, integer(below: last + 1))
        }
        return order
    }

    static func philox(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var x = counter
        var k = key
        for _ in 0..<10 {
            let a = UInt64(x.x) &* 0xD251_1F53
            let b = UInt64(x.z) &* 0xCD9E_8D57
            x = SIMD4(
                UInt32(truncatingIfNeeded: b >> 32) ^ x.y ^ k.x, UInt32(truncatingIfNeeded: b),
                UInt32(truncatingIfNeeded: a >> 32) ^ x.w ^ k.y, UInt32(truncatingIfNeeded: a))
            k.x &+= 0x9E37_79B9
            k.y &+= 0xBB67_AE85
        }
        return x
    }
}
