import Foundation
import Torch
import Views

/// How much more a trained critic finds in frozen embeddings than the cosine does: the better of a bilinear one,
/// `z1^T W z2`, and of a separable MLP with a bypass, `<z1 s + f(z1), z2 s + g(z2)>`, f and g of one hidden layer (Poole et
/// al. 2019, arXiv 1905.06922, section 4).
///
/// Both start as the cosine critic at its best temperature (W = I / tau, s = 1 / sqrt(tau), f = g = 0), so that without
/// anything to gain the gap is near zero. Half of the pairs train them, a quarter choose when to stop and which of the two
/// is better, and the last quarter, which neither has seen, gives the gap. The cost is bounded: 200 steps of 256 pairs each,
/// at most 256 dimensions and 128 hidden numbers, about 10^10 and 6 10^10 floating-point operations at the most.
public struct CriticGap {
    /// A critic that is trained.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// `z1^T W z2`.
        case bilinear
        /// `<z1 s + f(z1), z2 s + g(z2)>`.
        case separable

        /// Its name in a sentence.
        var words: String { self == .bilinear ? "a bilinear critic" : "a separable MLP" }
    }

    /// Which of them was better on the pairs that choose.
    public let kind: Kind
    /// Nats by which its loss lies below the cosine's, a number for each held-out anchor.
    public let gap: [Double]
    /// The same of both.
    public let gaps: [Kind: [Double]]
    /// Candidates of the held-out losses.
    public let candidates: Int

    /// The fewest pairs from which a critic can be learnt and judged.
    public static let minimum = 256

    private typealias Rows = (first: Tensor, second: Tensor)

    /// Trains the critics.
    /// - Parameters:
    ///   - views: frozen embeddings, at least `minimum` pairs.
    ///   - temperature: of the cosine critic that is compared with and begun from.
    ///   - steps: of Adam on batches of at most 256 pairs.
    ///   - seed: of the first weights and the projection.
    public init(_ views: UnitViews, temperature: Double, steps: Int = 200, seed: UInt64) throws(TorchError) {
        let (train, choose) = (views.count / 2, views.count / 4)
        let test = views.count - train - choose
        // A bilinear form over more dimensions would have more weights than there are pairs to learn them from.
        let width = min(views.dimension, 256)
        let generator = try Generator(seed: seed)
        var rows: Rows = (try views.first.to(.float32), try views.second.to(.float32))
        if width < views.dimension {
            let projection = try generator.normal([views.dimension, width], deviation: 1 / Double(width).squareRoot())
            rows = (try rows.first.matmul(projection), try rows.second.matmul(projection))
        }
        let parts = Parts(rows: rows, train: train, choose: choose, test: test)
        // The cosine critic sees all dimensions.
        let first = try views.first.narrow(dim: 0, start: train + choose, length: test)
        let second = try views.second.narrow(dim: 0, start: train + choose, length: test)
        let cosine = try CriticGap.losses(first.matmul(second.transpose(0, 1)) / temperature)
        var best = Double.infinity
        var (kind, gaps) = (Kind.bilinear, [Kind: [Double]]())
        for candidate in Kind.allCases {
            let critic: any TrainedCritic
            switch candidate {
            case .bilinear: critic = try BilinearForm(width: width, temperature: temperature)
            case .separable: critic = try BypassedMLP(width: width, temperature: temperature, generator: generator)
            }
            let (chosen, judged) = try parts.train(critic, steps: steps)
            gaps[candidate] = zip(cosine, judged).map { $0 - $1 }
            if chosen < best { (best, kind) = (chosen, candidate) }
        }
        self.kind = kind
        self.gaps = gaps
        gap = gaps[kind] ?? []
        candidates = test
    }

    /// `-s(i, i) + log sum_j e^{s(i, j)}` of scores `[N, N]`.
    fileprivate static func loss(_ scores: Tensor) throws(TorchError) -> Tensor {
        let count = scores.shape[0]
        let positives = try scores.gather(dim: 1, index: Tensor.arange(count).reshape([count, 1])).squeeze(1)
        return try scores.logsumexp(dim: 1) - positives
    }

    fileprivate static func losses(_ scores: Tensor) throws(TorchError) -> [Double] {
        try loss(scores).to(.float64).toArray()
    }

    /// The pairs, by what they are for.
    private struct Parts {
        let rows: Rows
        let train: Int
        let choose: Int
        let test: Int

        func part(_ start: Int, _ length: Int) throws(TorchError) -> Rows {
            (
                try rows.first.narrow(dim: 0, start: start, length: length),
                try rows.second.narrow(dim: 0, start: start, length: length)
            )
        }

        /// The sum of losses on the choosing pairs, at its least, and the losses of the last pairs there.
        func train(_ critic: any TrainedCritic, steps: Int) throws(TorchError) -> (chosen: Double, judged: [Double]) {
            let optimizer = try AdamW(
                critic.weights, lr: critic.rate, betas: (0.9, 0.999), eps: 1e-8, weightDecay: 0,
                sparingBiasAndNorm: false)
            let judges = try part(train, choose)
            let exam = try part(train + choose, test)
            func losses(_ rows: Rows) throws(TorchError) -> [Double] {
                try withoutGradients { () throws(TorchError) in
                    try CriticGap.losses(critic.scores(rows.first, rows.second))
                }
            }
            var best = try losses(judges).reduce(0, +)
            var judged = try losses(exam)
            let batch = min(256, train)
            for step in 0..<steps {
                // Rows come in random order; a batch is a window that wanders over them.
                let start = step * batch % max(1, train - batch + 1)
                try optimizer.zeroGrad()
                let some = try part(start, batch)
                try CriticGap.loss(critic.scores(some.first, some.second)).mean().backward()
                try optimizer.step(factor: 1 - Double(step) / Double(steps))
                guard step % 10 == 9 else { continue }
                let found = try losses(judges).reduce(0, +)
                if found < best {
                    best = found
                    judged = try losses(exam)
                }
            }
            return (best, judged)
        }
    }
}

/// A critic with weights to learn.
private protocol TrainedCritic {
    var weights: [(String, Parameter)] { get }
    /// The learning rate.
    var rate: Double { get }
    /// `[N, M]` of rows `[N, D]` and `[M, D]`.
    func scores(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor
}

private struct BilinearForm: TrainedCritic {
    private let weight: Parameter
    let rate = 0.05
    var weights: [(String, Parameter)] { [("weight", weight)] }

    init(width: Int, temperature: Double) throws(TorchError) {
        weight = try Parameter(Tensor.eye(width) / temperature)
    }

    func scores(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor {
        try first.matmul(weight.value).matmul(second.transpose(0, 1))
    }
}

private struct BypassedMLP: TrainedCritic {
    private static let hidden = 128

    private struct Side {
        let into: Parameter
        let bias: Parameter
        let out: Parameter

        init(width: Int, generator: Generator) throws(TorchError) {
            // Rows have length 1, so hidden numbers have a deviation of about 1.
            into = try Parameter(generator.normal([width, BypassedMLP.hidden], deviation: 1))
            bias = try Parameter(Tensor.zeros([1, BypassedMLP.hidden]))
            out = try Parameter(Tensor.zeros([BypassedMLP.hidden, width]))
        }

        func callAsFunction(_ rows: Tensor, _ scale: Double) throws(TorchError) -> Tensor {
            try rows * scale + (rows.matmul(into.value) + bias.value).relu().matmul(out.value)
        }
    }

    private let f: Side
    private let g: Side
    private let scale: Double
    let rate = 0.003
    var weights: [(String, Parameter)] {
        [
            ("f.into", f.into), ("f.bias", f.bias), ("f.out", f.out), ("g.into", g.into), ("g.bias", g.bias),
            ("g.out", g.out),
        ]
    }

    init(width: Int, temperature: Double, generator: Generator) throws(TorchError) {
        f = try Side(width: width, generator: generator)
        g = try Side(width: width, generator: generator)
        scale = 1 / temperature.squareRoot()
    }

    func scores(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor {
        try f(first, scale).matmul(g(second, scale).transpose(0, 1))
    }
}
