import Foundation
import Torch
import Views

/// How many nats more than the cosine a trained critic finds in frozen embeddings: the better of a bilinear critic,
/// `z1^T W z2`, and of a separable MLP with a skip connection, `<z1 s + f(z1), z2 s + g(z2)>` (Poole et al. 2019, arXiv
/// 1905.06922, section 4).
///
/// Both begin as the cosine critic at its best temperature, so the gap is near zero if there is nothing to gain. Half
/// of the pairs train them, a quarter validates them (when to stop, and which is better), and the last quarter gives
/// the gap. The cost is bounded: 200 steps of 256 pairs, at most 256 dimensions and 128 hidden ones, about 10^10 and 6
/// 10^10 floating-point operations.
public struct CriticGap {
    /// A critic that is trained.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// `z1^T W z2`.
        case bilinear
        /// `<z1 s + f(z1), z2 s + g(z2)>`.
        case separable

        fileprivate var rate: Double { self == .bilinear ? 0.05 : 0.003 }

        /// Its name in a sentence.
        var title: String { self == .bilinear ? "a bilinear critic" : "a separable MLP" }
    }

    /// The critic that is better in validation.
    public let kind: Kind
    /// The cosine's loss minus this critic's, in nats, for each test anchor.
    public let gap: [Double]
    /// The same for both critics.
    public let gaps: [Kind: [Double]]
    /// The number of candidates of the test losses.
    public let candidates: Int

    /// The smallest number of pairs that can train and test a critic.
    public static let minimum = 256

    private typealias Rows = (first: Tensor, second: Tensor)

    /// Trains the critics.
    /// - Parameters:
    ///   - views: frozen embeddings, at least `minimum` pairs.
    ///   - temperature: that of the cosine critic, which is the baseline and the initial state.
    ///   - steps: the number of Adam's steps on batches of at most 256 pairs.
    ///   - seed: the seed of the initial weights and the projection.
    public init(_ views: UnitViews, temperature: Double, steps: Int = 200, seed: UInt64) throws(TorchError) {
        let (train, validate) = (views.count / 2, views.count / 4)
        let test = views.count - train - validate
        // A bilinear form over more dimensions would have too many weights for so few pairs.
        let width = min(views.dimension, 256)
        let generator = try Generator(seed: seed)
        var rows: Rows = (try views.first.to(.float32), try views.second.to(.float32))
        if width < views.dimension {
            let projection = try generator.normal([views.dimension, width], std: 1 / Double(width).squareRoot())
            rows = (try rows.first.matmul(projection), try rows.second.matmul(projection))
        }
        func part(_ start: Int, _ length: Int) throws(TorchError) -> Rows {
            (
                try rows.first.narrow(dim: 0, start: start, length: length),
                try rows.second.narrow(dim: 0, start: start, length: length)
            )
        }
        let (validation, tested) = (try part(train, validate), try part(train + validate, test))
        // The cosine critic sees all dimensions.
        let first = try views.first.narrow(dim: 0, start: train + validate, length: test)
        let second = try views.second.narrow(dim: 0, start: train + validate, length: test)
        let cosine = try CriticGap.losses(first.matmul(second.transpose(0, 1)) / temperature)
        var best = -Double.infinity
        var (kind, gaps) = (Kind.bilinear, [Kind: [Double]]())
        for candidate in Kind.allCases {
            let critic: any Critic & Module
            switch candidate {
            case .bilinear: critic = try Bilinear(dimension: width, temperature: temperature)
            case .separable:
                critic = try ResidualCritic(dimension: width, temperature: temperature, generator: generator)
            }
            let optimizer = try AdamW(
                critic.namedParameters, lr: candidate.rate, betas: (0.9, 0.999), eps: 1e-8, weightDecay: 0,
                sparingBiasAndNorm: false)
            func losses(_ rows: Rows) throws(TorchError) -> [Double] {
                try withoutGradients { () throws(TorchError) in
                    try CriticGap.losses(critic(rows.first, rows.second))
                }
            }
            var found = try losses(tested)
            var done = 0
            let batch = min(256, train)
            let score = try trainKeepingBest(steps: steps, every: 10) { () throws(TorchError) in
                // Rows are in random order, so a batch is a window that moves over them.
                let some = try part(done * batch % max(1, train - batch + 1), batch)
                try optimizer.zeroGrad()
                try CriticGap.loss(critic(some.first, some.second)).mean().backward()
                try optimizer.step(factor: 1 - Double(done) / Double(steps))
                done += 1
            } score: { () throws(TorchError) in
                -(try losses(validation).reduce(0, +))
            } keep: { () throws(TorchError) in
                found = try losses(tested)
            }
            gaps[candidate] = zip(cosine, found).map { $0 - $1 }
            if score > best { (best, kind) = (score, candidate) }
        }
        self.kind = kind
        self.gaps = gaps
        gap = gaps[kind] ?? []
        candidates = test
    }

    /// `-s(i, i) + log sum_j e^{s(i, j)}` of scores `[N, N]`.
    private static func loss(_ scores: Tensor) throws(TorchError) -> Tensor {
        try scores.logsumexp(dim: 1) - scores.diagonal()
    }

    private static func losses(_ scores: Tensor) throws(TorchError) -> [Double] {
        try loss(scores).to(.float64).toArray()
    }
}
