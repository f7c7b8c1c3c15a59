import Torch
import Views

/// The input of a training step.
public struct ContrastiveBatch {
    /// The views of each branch, `[count * N, 3, H, W]`, all first views before all second ones.
    public var branches: [ViewTensor]
    /// The labels of the N images, those of all ranks; nil without classes.
    public var labels: LabelSets?
    /// The tokens of the N captions, `[N, L]`; nil without captions.
    public var tokens: Tensor?
    /// The images' indices in the source; nil if they are unknown.
    public var samples: [Int]?
    /// How the views are mixed with each other; nil if they are not.
    public var mixing: Mixing?
    /// The share of the run before this step, in 0..<1.
    public var progress: Double
    /// Sends images through the networks in chunks; nil to send them all at once.
    public var cache: GradientCache?
    /// The ranks that hold the rest of the batch; nil if this is all of it.
    public var ranks: BatchRanks?
    /// The precision of the networks; losses are computed in float32.
    public var precision: Precision
    /// Measures the time of the networks; nil to measure nothing.
    var clock: StageClock?

    /// Makes a batch.
    public init(
        branches: [ViewTensor], labels: LabelSets? = nil, tokens: Tensor? = nil, samples: [Int]? = nil,
        progress: Double = 0, cache: GradientCache? = nil, ranks: BatchRanks? = nil, precision: Precision = .float32
    ) {
        self.branches = branches
        self.labels = labels
        self.tokens = tokens
        self.samples = samples
        self.progress = progress
        self.cache = cache
        self.ranks = ranks
        self.precision = precision
    }
}

/// How a batch is spread over the processes that train together.
public struct BatchRanks {
    /// The processes.
    public var group: ProcessGroup
    /// The number of images of each.
    public var counts: [Int]

    /// Makes a value.
    public init(group: ProcessGroup, counts: [Int]) {
        self.group = group
        self.counts = counts
    }
}

/// The views of one branch in one tensor.
public struct ViewTensor {
    /// `[count * N, 3, H, W]`, view by view.
    public var images: Tensor
    /// The number of views of an image.
    public var count: Int

    /// Makes a value.
    public init(images: Tensor, count: Int) {
        self.images = images
        self.count = count
    }
}

extension ContrastiveBatch {
    /// The views one by one, `[N, 3, H, W]` each, those of the first branch first.
    func views() throws(TorchError) -> [Tensor] {
        var views: [Tensor] = []
        for branch in branches { views += try branch.images.chunk(branch.count, dim: 0) }
        return views
    }

    /// The number of leading views that are targets: those of the first branch, or two if that has one view.
    var targetViews: Int { max(2, branches[0].count) }

    /// A head's rows for embeddings, in the batch's precision. Unlike `embed` it never goes in chunks.
    func apply(_ head: any Head, to rows: Tensor) throws(TorchError) -> Tensor {
        try precision.run(on: rows.device) { () throws(TorchError) in try head(rows, training: true) }
    }

    /// The embeddings of every view on this rank, `[n, D]` each.
    /// - Parameters:
    ///   - projector: the network.
    ///   - predictor: a second head, if there is one.
    ///   - viewByView: whether each view is a forward pass. Otherwise each branch is one, as in SimCLR, so that batch
    ///     norm sees all its views.
    ///   - limit: the number of leading views that are needed; there may be more.
    func embed(
        by projector: Projector, _ predictor: (any Head)? = nil, viewByView: Bool = false, limit: Int = .max
    ) throws(TorchError) -> [Tensor] {
        var embeddings: [Tensor] = []
        for branch in branches {
            for images in viewByView ? try branch.images.chunk(branch.count, dim: 0) : [branch.images] {
                guard embeddings.count < limit else { break }
                embeddings += try embed(images, by: projector, predictor).chunk(viewByView ? 1 : branch.count, dim: 0)
            }
        }
        return embeddings
    }

    /// The embeddings of images of this rank.
    /// - Parameter parts: what batch norm sees at once.
    func embed(
        _ images: Tensor, by projector: Projector, _ predictor: (any Head)? = nil,
        parts: BatchParts = BatchParts(count: 1)
    ) throws(TorchError) -> Tensor {
        try parts(images) { (part: Tensor) throws(TorchError) in
            try forward(part, through: [projector] + (predictor.map { [$0] } ?? [])) { chunk throws(TorchError) in
                let rows = try projector(chunk, training: true)
                return try predictor?(rows, training: true) ?? rows
            }
        }
    }

    /// Sends images or tokens through a network, all at once or in the cache's chunks.
    /// - Parameter modules: the network's modules.
    func forward(
        _ images: Tensor, through modules: [any Module], _ network: @escaping (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let rounded = { [precision] (part: Tensor) throws(TorchError) -> Tensor in
            try precision.run(on: part.device) { () throws(TorchError) in try network(part) }
        }
        return try StageClock.measure(clock, .forward) { () throws(TorchError) in
            guard let cache else { return try rounded(images) }
            return try cache.forward(images, through: modules, rounded)
        }
    }

    /// The embeddings of the whole batch from this rank's, `[n, D]` each, with their gradients.
    func gather(_ parts: [Tensor]) throws(TorchError) -> [Tensor] {
        guard let ranks, let first = parts.first else { return parts }
        let width = first.shape[1]
        // Side by side, in one all-gather.
        let all = try ranks.group.gather(Tensor.cat(parts, dim: 1), counts: ranks.counts)
        var wholes: [Tensor] = []
        for index in parts.indices {
            wholes.append(try all.narrow(dim: 1, start: index * width, length: width).contiguous())
        }
        return wholes
    }
}
