/// The views of a batch of images, in memory that the loader owns and reuses.
///
/// The views of a branch are contiguous, so that one tensor of `views * count` pictures can borrow them: floats
/// `[views, count, 3, height, width]`, or bytes `[views, count, height, width, 3]`, depending on `pixels`. They are
/// valid until the consumer asks for the next batch, or `lag` batches longer (see `LoaderOptions`). They are not shared
/// between threads.
public final class ViewBatch {
    /// The kinds of view, in the pipeline's order.
    public let branches: [ViewPipeline.Branch]
    /// The epoch, from 0.
    public private(set) var epoch = 0
    /// The batch's index in its epoch, from 0.
    public private(set) var index = 0
    /// The images' positions in the source.
    public private(set) var samples: [Int] = []
    /// The images' classes; -1 for an image without a label.
    public private(set) var labels: [Int] = []
    /// How the views are mixed with each other; nil if they are not.
    public private(set) var mixing: Mixing?

    /// The type of the views' pixel values, from the loader's options.
    public let pixels: ViewPixels

    private let memory: [BatchBuffer]
    private let firstView: [Int]
    private let mixer: BatchMixer?

    /// Allocates room for `capacity` images, which `mixer`, if any, mixes.
    /// - Throws: `LoaderError.memory` if there is too little memory.
    init(
        branches: [ViewPipeline.Branch], capacity: Int, pixels: ViewPixels, from memory: any BatchMemory,
        mixer: BatchMixer? = nil
    ) throws(LoaderError) {
        self.mixer = mixer
        self.branches = branches
        self.pixels = pixels
        self.memory = try branches.map { (branch) throws(LoaderError) in
            try BatchBuffer(
                byteCount: ViewBatch.bytes(of: branch, images: capacity, pixels: pixels), from: memory)
        }
        var first = 0
        firstView = branches.map { branch in
            defer { first += branch.count }
            return first
        }
    }

    static func bytes(of branch: ViewPipeline.Branch, images: Int, pixels: ViewPixels) -> Int {
        branch.count * images * Image.channels * branch.size.area * pixels.stride
    }

    /// The number of images: smaller than the batch size if images were skipped, or in the last batch of an epoch.
    public var count: Int { samples.count }

    /// The views of a branch as floats: `[views, count, 3, height, width]`, aligned to 64 bytes.
    /// - Precondition: `pixels` is `float32`.
    public func views(branch: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: floats(branch), count: branches[branch].count * count * length(branch))
    }

    /// The views of a branch as bytes: `[views, count, height, width, 3]`, aligned to 64 bytes.
    /// - Precondition: `pixels` is `uint8`.
    public func bytes(branch: Int) -> UnsafeMutableBufferPointer<UInt8> {
        UnsafeMutableBufferPointer(start: bytes(branch), count: branches[branch].count * count * length(branch))
    }

    /// Starts to hold these images.
    func begin(epoch: Int, index: Int, samples: [Int], labels: [Int]) {
        self.epoch = epoch
        self.index = index
        self.samples = samples
        self.labels = labels
        mixing = nil
    }

    /// Mixes the views if the pipeline requires it. Called once, after all views are made.
    func mix() {
        guard let mixer, count > 0 else { return }
        mixing = mixer.draw(epoch: epoch, batch: index, count: count, sizes: branches.map(\.size))
        guard let mixing else { return }
        for (branch, description) in branches.enumerated() {
            for view in 0..<description.count {
                mixer.apply(
                    mixing, branch: branch, to: floats(branch) + view * count * length(branch), size: description.size)
            }
        }
    }

    /// Stores one view of an image, normalised if the views are floats; views are counted over all branches.
    func write(_ picture: Image, view: Int, row: Int, normalize: Normalize) {
        let branch = firstView.lastIndex { $0 <= view } ?? 0
        let offset = ((view - firstView[branch]) * count + row) * length(branch)
        switch pixels {
        case .float32: normalize.write(picture, to: floats(branch) + offset)
        case .uint8: PixelOperations.interleave(picture, to: bytes(branch) + offset)
        }
    }

    /// Removes the images that are not in `rows`, which ascend; the others move up in order.
    func keep(rows: [Int]) {
        for (branch, description) in branches.enumerated() {
            let length = length(branch) * pixels.stride
            let start = pointer(branch)
            for view in 0..<description.count {
                for (position, row) in rows.enumerated() {
                    // Rows only move forwards, so nothing is overwritten before it is moved.
                    let target = start + (view * rows.count + position) * length
                    let source = start + (view * count + row) * length
                    if target != source { target.copyMemory(from: source, byteCount: length) }
                }
            }
        }
        samples = rows.map { samples[$0] }
        labels = rows.map { labels[$0] }
    }

    /// The number of values of one view.
    private func length(_ branch: Int) -> Int { Image.channels * branches[branch].size.area }

    private func pointer(_ branch: Int) -> UnsafeMutableRawPointer { memory[branch].start }

    // The code that makes the loader decides the type of a batch, never data. A wrong one is an error of the program,
    // and reading floats from bytes would read out of bounds.

    private func floats(_ branch: Int) -> UnsafeMutablePointer<Float> {
        precondition(pixels == .float32, "the views of this batch are bytes: see LoaderOptions.pixels")
        return pointer(branch).assumingMemoryBound(to: Float.self)
    }

    private func bytes(_ branch: Int) -> UnsafeMutablePointer<UInt8> {
        precondition(pixels == .uint8, "the views of this batch are floats: see LoaderOptions.pixels")
        return pointer(branch).assumingMemoryBound(to: UInt8.self)
    }
}
