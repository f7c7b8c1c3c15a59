/// The augmentation graph: a trunk that is applied once, then branches, each with a number of views of one size.
///
/// It is immutable and checked when built, so any number of workers may share it. Every draw is a function of
/// `(seed, epoch, sample, view, node)`, where views are counted over all branches and nodes in order of appearance.
public final class ViewPipeline: Sendable {
    /// One kind of view.
    public struct Branch: Sendable {
        /// Its name in messages and reports.
        public let name: String
        /// Views of each image.
        public let count: Int
        /// The size of each view.
        public let size: Size
        let steps: [any Augmentation]
    }

    /// The kinds of view, in order.
    public let branches: [Branch]
    /// The colour behind transparent pixels.
    public let background: Background
    /// How pictures are decoded: background, limits, depth and page.
    public let decoding: DecodeOptions
    /// How pixel values become floats.
    public let normalize: Normalize
    /// Whether a picture may be decoded smaller than it is.
    public let decode: DecodeMode
    /// Bytes of decoded pictures that a loader keeps from one epoch to the next; 0 for none.
    public let cacheBytes: Int
    /// How a loader mixes the views of a batch with each other; it does not if nil.
    public let mix: BatchMix?

    private let trunk: [any Augmentation]
    private let tie: CropTie?
    private let branchOfView: [Int]
    private let evaluating: ViewPipeline?

    /// Builds the graph of a configuration.
    /// - Throws: `InvalidSetting` if a step cannot handle the size before it, or a branch does not end in its size.
    public init(_ configuration: ViewConfiguration) throws(InvalidSetting) {
        guard !configuration.branches.isEmpty else {
            throw InvalidSetting("branches", "must hold at least one branch")
        }
        try validate(configuration.trunk, path: "trunk")
        let trunk = configuration.trunk.map(\.component)
        let shape: Shape
        do {
            // A step of the trunk that depends on the branch's size would differ from branch to branch.
            shape = try trunk.shape(of: .any, target: configuration.branches[0].size.size)
        } catch {
            throw InvalidSetting("trunk" + error.key.dropFirst("steps".count), error.reason)
        }
        var branches: [Branch] = []
        for (index, branch) in configuration.branches.enumerated() {
            let path = "branches[\(index)]"
            let name = branch.name ?? "branch \(index)"
            do {
                try branch.validate()
            } catch {
                throw InvalidSetting("\(path).\(error.key)", error.reason)
            }
            branches.append(
                try ViewPipeline.branch(
                    name, count: branch.count, size: branch.size.size, steps: branch.steps, from: shape,
                    path: "\(path).steps"))
        }
        for (index, step) in configuration.evaluation.enumerated() where step.component.isRandom {
            throw InvalidSetting("evaluation[\(index)]", "\(step.name) is random, which evaluation must not be")
        }
        let size = configuration.evaluationSize?.size ?? branches[0].size
        let branch = try ViewPipeline.branch(
            "evaluation", count: 1, size: size, steps: configuration.evaluation, from: .any, path: "evaluation")
        evaluating = ViewPipeline(evaluating: branch, configuration)
        do {
            try configuration.normalize.validate()
        } catch {
            throw InvalidSetting("normalize.\(error.key)", error.reason)
        }
        do {
            try configuration.mix?.validate()
        } catch {
            throw InvalidSetting(error.key.isEmpty ? "mix" : "mix.\(error.key)", error.reason)
        }
        try configuration.validateDecoding()
        if let overlap = configuration.overlap {
            tie = try CropTie(overlap, branches: branches)
        } else {
            tie = nil
        }
        self.trunk = trunk
        self.branches = branches
        branchOfView = branches.indices.flatMap { Array(repeating: $0, count: branches[$0].count) }
        background = configuration.background
        decoding = configuration.decoding
        normalize = configuration.normalize
        mix = configuration.mix
        decode = configuration.decode
        cacheBytes = configuration.cache?.component.bytes ?? 0
    }

    /// Builds the graph of a pipeline file's `views` part; the file's other parts are ignored.
    /// - Throws: `ConfigurationError` with the file and the setting.
    public convenience init(_ reader: ConfigurationReader) throws(ConfigurationError) {
        let configuration = try reader.read(ViewConfiguration.self, section: ViewConfiguration.name)
        do {
            try self.init(configuration)
        } catch {
            let path = "\(ViewConfiguration.name).\(error.key)"
            throw ConfigurationError(file: reader.file, path: path, reason: error.reason)
        }
    }

    private init(evaluating branch: Branch, _ configuration: ViewConfiguration) {
        trunk = []
        tie = nil
        branches = [branch]
        branchOfView = [0]
        background = configuration.background
        decoding = configuration.decoding
        normalize = configuration.normalize
        mix = nil
        // Each picture is evaluated once, from a full decode.
        decode = .exact
        cacheBytes = 0
        evaluating = nil
    }

    private static func branch(
        _ name: String, count: Int, size: Size, steps: [Step], from shape: Shape, path: String
    ) throws(InvalidSetting) -> Branch {
        try validate(steps, path: path)
        let steps = steps.map(\.component)
        let result: Shape
        do {
            result = try steps.shape(of: shape, target: size)
        } catch {
            throw InvalidSetting(path + error.key.dropFirst("steps".count), error.reason)
        }
        guard result == .fixed(size) else {
            let end =
                switch result {
                case .any: "pictures of any size"
                case .fixed(let other): "pictures of \(other)"
                }
            throw InvalidSetting(
                path,
                "\(name) must end in \(size), ends in \(end); end with a step that sets the size: resized_crop, "
                    + "center_crop, or resize: {size: [\(size.height), \(size.width)]}")
        }
        return Branch(name: name, count: count, size: size, steps: steps)
    }

    /// The pipeline of evaluation, which makes one view of each image; the pipeline itself if it is one of evaluation.
    public var evaluation: ViewPipeline { evaluating ?? self }

    /// Views of each image, over all branches.
    public var viewCount: Int { branchOfView.count }

    /// The branch of a view.
    public func branch(of view: Int) -> Branch { branches[branchOfView[view]] }

    /// Draws one view of an image of size `input`.
    /// - Throws: `InvalidSetting` if a step cannot handle a picture of that size.
    public func recipe(
        seed: UInt64, epoch: Int, sample: Int, view: Int, input: Size
    ) throws(InvalidSetting) -> Recipe {
        let trunk = try drawTrunk(seed: seed, epoch: epoch, sample: sample, input: input)
        return try recipe(seed: seed, epoch: epoch, sample: sample, view: view, input: input, trunk: trunk)
    }

    /// Draws all views of an image; they share what the trunk drew.
    public func recipes(seed: UInt64, epoch: Int, sample: Int, input: Size) throws(InvalidSetting) -> [Recipe] {
        let trunk = try drawTrunk(seed: seed, epoch: epoch, sample: sample, input: input)
        var recipes: [Recipe] = []
        recipes.reserveCapacity(viewCount)
        for view in 0..<viewCount {
            recipes.append(
                try recipe(seed: seed, epoch: epoch, sample: sample, view: view, input: input, trunk: trunk))
        }
        return recipes
    }

    private func drawTrunk(
        seed: UInt64, epoch: Int, sample: Int, input: Size
    ) throws(InvalidSetting) -> (drawn: [DrawnStep], size: Size) {
        guard !trunk.isEmpty else { return ([], input) }
        let stream = RandomStream(RandomKey(seed: seed, epoch: epoch, sample: sample, purpose: .trunk))
        let target = branches[0].size
        let drawn = try trunk.draw(from: stream, input: input, target: target)
        var size = input
        for (step, one) in zip(trunk, drawn) { size = try step.size(of: size, target: target, drawn: one) }
        return (drawn, size)
    }

    private func recipe(
        seed: UInt64, epoch: Int, sample: Int, view: Int, input: Size, trunk: (drawn: [DrawnStep], size: Size)
    ) throws(InvalidSetting) -> Recipe {
        let key = RandomKey(seed: seed, epoch: epoch, sample: sample, view: view)
        let branch = branch(of: view)
        var steps = try branch.steps.draw(from: RandomStream(key), input: trunk.size, target: branch.size)
        tie?.tie(&steps, key: key, branch: branchOfView[view], size: trunk.size, target: branch.size)
        return Recipe(key: key, input: input, trunk: trunk.drawn, steps: steps)
    }

    /// The part of the picture that these views of one image read, which a decoder must deliver.
    public func region(of recipes: [Recipe]) -> Region {
        guard let first = recipes.first else { return Region(x: 0, y: 0, width: 0, height: 0) }
        let whole = Region(first.input)
        if !trunk.isEmpty { return trunk.window(of: first.trunk) ?? whole }
        var union: Region?
        for recipe in recipes {
            guard let window = branch(of: recipe.key.view).steps.window(of: recipe.steps) else { return whole }
            union = union?.union(window) ?? window
        }
        return union ?? whole
    }

    /// By how much each side of the picture may be decoded smaller for these views of one image. It is 1 unless
    /// `decode` is `fast`; then every crop keeps at least as many pixels as its view.
    public func shrink(for recipes: [Recipe]) -> Int {
        guard decode == .fast, let first = recipes.first else { return 1 }
        if !trunk.isEmpty { return trunk.shrink(of: first.trunk) }
        return recipes.reduce(8) { min($0, branch(of: $1.key.view).steps.shrink(of: $1.steps)) }
    }

    /// Makes one view of a picture, trunk included; the canvas then holds it.
    /// - Precondition: this pipeline drew the recipe for a picture of this size, and `picture` holds its region.
    public func apply(_ recipe: Recipe, to picture: Image, on canvas: Canvas) {
        canvas.load(picture)
        applyTrunk(recipe, on: canvas)
        applyBranch(recipe, on: canvas)
    }

    var hasTrunk: Bool { !trunk.isEmpty }

    /// The names of the shared steps.
    var trunkSteps: [String] { trunk.map { type(of: $0).name } }

    /// The index of a view's first step; the steps of all branches are counted in order.
    func firstStep(of view: Int) -> Int {
        branches[..<branchOfView[view]].reduce(0) { $0 + $1.steps.count }
    }

    /// - Parameter after: called after each step with its index.
    func applyTrunk(_ recipe: Recipe, on canvas: Canvas, after: (Int) -> Void = { _ in }) {
        trunk.replay(recipe.trunk, on: canvas, after: after)
    }

    /// - Parameter after: called after each step with its index.
    func applyBranch(_ recipe: Recipe, on canvas: Canvas, after: (Int) -> Void = { _ in }) {
        branch(of: recipe.key.view).steps.replay(recipe.steps, on: canvas, after: after)
    }
}
