import Torch
import Views

/// A way to learn: an objective and what it needs beside the encoder.
public protocol Method: Component {
    /// Builds an encoder, or several of one architecture, and what is trained around it; random weights are drawn from
    /// `generator` in a fixed order.
    func build(
        encoder: any EncoderArchitecture, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel

    /// The same for a training on so many images of so many classes, where what is built depends on them.
    func build(
        encoder: any EncoderArchitecture, images: Int, classes: Int, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel

    /// Checks the settings against the data of a run.
    /// - Parameters:
    ///   - pairs: images of a batch.
    ///   - classes: of the images; 0 where they have no labels.
    func validate(pairs: Int, classes: Int) throws(InvalidSetting)

    /// Checks the settings against the number of processes that train together, if more than one.
    func validate(ranks: Int) throws(InvalidSetting)

    /// Views of an image that it needs at least.
    var minimumViews: Int { get }

    /// Whether it contrasts pairs, without which there is nothing to diagnose.
    var contrasts: Bool { get }

    /// What it does with the classes of images.
    var labelUse: LabelUse { get }

    /// Whether its weights have a row for each image, so that a run cannot go on with others.
    var hasRowsOfImages: Bool { get }

    /// What it makes of a source whose captions it learns from; nil where it learns from images alone.
    /// - Parameters:
    ///   - source: the images and whatever stands beside them.
    ///   - folder: the run's, which gets what is needed to read captions later.
    ///   - resumes: whether a run is taken up again, whose folder has it.
    /// - Throws: `InvalidSetting` where captions are missing or do not fit; `TrainingError`, `FileError`.
    func captioned(_ source: any Source, folder: RunFolder, resumes: Bool) throws -> CaptionedImages?
}

extension Method {
    /// Nothing depends on the numbers of images and classes.
    public func build(
        encoder: any EncoderArchitecture, images: Int, classes: Int, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel { try build(encoder: encoder, generator: generator) }

    /// Fits all data.
    public func validate(pairs: Int, classes: Int) throws(InvalidSetting) {}

    /// Any number.
    public func validate(ranks: Int) throws(InvalidSetting) {}

    /// Two, of which a pair is made.
    public var minimumViews: Int { 2 }

    /// It does.
    public var contrasts: Bool { true }

    /// Nothing.
    public var labelUse: LabelUse { .none }

    /// None.
    public var hasRowsOfImages: Bool { false }

    /// Nil: it learns from images alone.
    public func captioned(_ source: any Source, folder: RunFolder, resumes: Bool) throws -> CaptionedImages? { nil }
}

/// The methods that a pipeline file can name.
public enum MethodFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any Method>(
        kind: "a method",
        [SimCLR.self, MoCo.self, MoCoV3.self, InstanceDiscrimination.self, CLIP.self, Supervised.self])
}

/// What is trained: the encoder, and whatever its method adds.
public protocol ContrastiveModel: Module {
    /// The network whose weights are the result.
    var encoder: any Encoder { get }
    /// What follows it in training only.
    var head: any Head { get }
    /// What scores pairs, where the objective leaves that to a critic.
    var critic: (any ScoreFunction)? { get }
    /// Networks beside them that evaluation needs, with the names of their files.
    var companions: [(name: String, module: any Module)] { get }

    /// The objective of one batch; called once for each step of the optimiser, before it. Images go through the networks by
    /// `ContrastiveBatch.pass`, so that a batch may pass in chunks; the trainer then also takes the gradient back.
    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective
}

extension ContrastiveModel {
    /// None.
    public var critic: (any ScoreFunction)? { nil }

    /// The critic, where it has learnt anything.
    public var companions: [(name: String, module: any Module)] {
        (critic as? any Module).map { [(RunFolder.criticName, $0)] } ?? []
    }

    /// Embeddings of two views, `[N, D]` each, as a critic that has learnt something compares them; otherwise themselves. Without
    /// gradients.
    func compared(_ first: Tensor, _ second: Tensor) throws(TorchError) -> (first: Tensor, second: Tensor) {
        let (first, second) = (try first.detach(), try second.detach())
        guard let critic, critic is any Module else { return (first, second) }
        return try withoutGradients { () throws(TorchError) in
            try critic.compared(first.widened(), second.widened()).map { ($0.x, $0.y) } ?? (first, second)
        }
    }

    /// The objective of views without labels at the beginning of a run.
    public func objective(_ branches: [ViewTensor]) throws(TorchError) -> Objective {
        try objective(ContrastiveBatch(branches: branches))
    }
}

/// What a model is given for a step.
public struct ContrastiveBatch {
    /// For each branch its views, `[count * N, 3, H, W]`, all first views before all second ones.
    public var branches: [ViewTensor]
    /// The N classes, -1 where unknown; nil where there are none. Those of all ranks.
    public var labels: [Int]?
    /// The tokens of the N captions, `[N, L]`; nil where there are none.
    public var tokens: Tensor?
    /// The images' positions in the source; nil where nobody knows.
    public var samples: [Int]?
    /// How much of the run lies behind this step, in 0..<1.
    public var progress: Double
    /// What sends the images through the networks in chunks; nil for all at once.
    public var cache: GradientCache?
    /// The ranks that hold the batch's other parts; nil where this is all of it.
    public var ranks: BatchRanks?
    /// How the networks round; losses are computed in float32.
    public var precision: Precision
    /// Measures the time of the networks; nil where nobody asks.
    var clock: StageClock?

    /// Makes a batch.
    public init(
        branches: [ViewTensor], labels: [Int]? = nil, tokens: Tensor? = nil, samples: [Int]? = nil,
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

extension ContrastiveBatch {
    /// Embeddings of the whole batch for those of this rank's part, `[n, D]` each, with their gradients.
    func gather(_ parts: [Tensor]) throws(TorchError) -> [Tensor] {
        guard let ranks, let first = parts.first else { return parts }
        let width = first.shape[1]
        // Side by side, so that the ranks meet once.
        let all = try ranks.group.gather(Tensor.cat(parts, dim: 1), counts: ranks.counts)
        var wholes: [Tensor] = []
        for place in parts.indices {
            wholes.append(try all.narrow(dim: 1, start: place * width, length: width).contiguous())
        }
        return wholes
    }

    func gather(_ part: Tensor) throws(TorchError) -> Tensor { try gather([part])[0] }

    /// The views one by one, `[N, 3, H, W]` each, those of the first branch first.
    func views() throws(TorchError) -> [Tensor] {
        var views: [Tensor] = []
        for branch in branches { views += try branch.images.chunk(branch.count, dim: 0) }
        return views
    }
}

/// How a batch is spread over the processes that train together.
public struct BatchRanks {
    /// The processes.
    public var group: ProcessGroup
    /// Images of each.
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
    /// Views of each sample.
    public var count: Int

    /// Makes a value.
    public init(images: Tensor, count: Int) {
        self.images = images
        self.count = count
    }
}

/// What a step minimises, and what it says about mutual information.
public struct Objective {
    /// A scalar with a gradient, in nats; that of the whole batch, the same on every rank.
    public var loss: Tensor
    /// Candidates of the bound `log(candidates) - contrast`; nil where the scores bound nothing.
    public var candidates: Int?
    /// The loss that belongs to the candidates, where it is not `loss`; a scalar without a gradient.
    public var contrast: Tensor?
    /// The embeddings of the first two views, or of the first and of what stands for the second, detached, `[N, D]` each.
    public var embeddings: (first: Tensor, second: Tensor)
}

extension Selected<LossFamily> {
    /// Checks a loss against the data of a run; the key of the error begins with `loss` and its name.
    func validate(pairs: Int, classes: Int) throws(InvalidSetting) {
        do throws(InvalidSetting) {
            try component.validate(pairs: pairs, classes: classes)
        } catch {
            throw error.inside("loss.\(name)")
        }
    }
}

extension InvalidSetting {
    /// The same of a component that is found under `path` from here.
    func inside(_ path: String) -> InvalidSetting { InvalidSetting(key.isEmpty ? path : "\(path).\(key)", reason) }
}
