/// The views of a batch of images, in memory that the loader owns and fills again.
///
/// Each branch has one run of floats `[views, count, 3, height, width]`, its views one after another, so that one tensor
/// of `views * count` pictures can borrow it. Valid until the loader's next batch is asked for; not shared between
/// threads.
public final class ViewBatch {
    /// The kinds of view, in the pipeline's order.
    public let branches: [ViewPipeline.Branch]
    /// The pass over the data, from 0.
    public private(set) var epoch = 0
    /// The batch's place in its epoch, from 0.
    public private(set) var index = 0
    /// The images, by their positions in the source.
    public private(set) var samples: [Int] = []
    /// Their classes; -1 where unlabelled.
    public private(set) var labels: [Int] = []
    /// How the views are mixed with each other; nil where they are not.
    public private(set) var mixing: Mixing?

    private let capacity: Int
    private let memory: [UnsafeMutableRawBufferPointer]
    private let firstView: [Int]
    private let mixer: BatchMixer?

    /// Room for `capacity` images, which `mixer`, if any, mixes.
    init(branches: [ViewPipeline.Branch], capacity: Int, mixer: BatchMixer? = nil) {
        self.mixer = mixer
        self.branches = branches
        self.capacity = capacity
        memory = branches.map { branch in
            .allocate(byteCount: ViewBatch.bytes(of: branch, images: capacity), alignment: 64)
        }
        var first = 0
        firstView = branches.map { branch in
            defer { first += branch.count }
            return first
        }
    }

    deinit { for memory in memory { memory.deallocate() } }

    static func bytes(of branch: ViewPipeline.Branch, images: Int) -> Int {
        branch.count * images * Image.channels * branch.size.area * MemoryLayout<Float>.stride
    }

    /// Number of images; fewer than asked for in the last batch of an epoch and where images were unusable.
    public var count: Int { samples.count }

    /// The views of a branch: `[views, count, 3, height, width]`, aligned to 64 bytes.
    public func views(branch: Int) -> UnsafeMutableBufferPointer<Float> {
        let length = branches[branch].count * count * Image.channels * branches[branch].size.area
        return UnsafeMutableBufferPointer(start: pointer(branch), count: length)
    }

    /// Starts anew with these images.
    func begin(epoch: Int, index: Int, samples: [Int], labels: [Int]) {
        self.epoch = epoch
        self.index = index
        self.samples = samples
        self.labels = labels
        mixing = nil
    }

    /// Mixes the views, where that is asked for; once, when all of them are made.
    func mix() {
        guard let mixer, count > 0 else { return }
        mixing = mixer.draw(epoch: epoch, batch: index, count: count, sizes: branches.map(\.size))
        guard let mixing else { return }
        for (branch, description) in branches.enumerated() {
            let length = count * Image.channels * description.size.area
            for view in 0..<description.count {
                mixer.apply(mixing, branch: branch, to: pointer(branch) + view * length, size: description.size)
            }
        }
    }

    /// Where one view of an image goes; views are counted over all branches.
    func target(view: Int, row: Int) -> UnsafeMutablePointer<Float> {
        let branch = firstView.lastIndex { $0 <= view } ?? 0
        let length = Image.channels * branches[branch].size.area
        return pointer(branch) + ((view - firstView[branch]) * count + row) * length
    }

    /// Takes out the images that are not in `rows`, which ascend; the others move up in order.
    func keep(rows: [Int]) {
        for (branch, description) in branches.enumerated() {
            let length = Image.channels * description.size.area
            let start = pointer(branch)
            for view in 0..<description.count {
                for (place, row) in rows.enumerated() {
                    // Never to a place behind its own, so nothing is overwritten that is still to be moved.
                    let target = start + (view * rows.count + place) * length
                    let source = start + (view * count + row) * length
                    if target != source { target.update(from: source, count: length) }
                }
            }
        }
        samples = rows.map { samples[$0] }
        labels = rows.map { labels[$0] }
    }

    private func pointer(_ branch: Int) -> UnsafeMutablePointer<Float> {
        // Never nil: an extent has at least one pixel, and a batch at least one image.
        memory[branch].baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
    }
}
