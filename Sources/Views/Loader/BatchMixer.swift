import KernelsAVX2

/// Mixes the views of batches in place, with its own scratch memory. It must not be shared between threads.
final class BatchMixer {
    private let settings: BatchMix
    private let seed: UInt64
    private let memory: UnsafeMutableBufferPointer<Float>
    private let chunk: Int

    /// - Parameter capacity: the largest number of images in a batch.
    init(_ settings: BatchMix, seed: UInt64, capacity: Int) {
        self.settings = settings
        self.seed = seed
        // A chunk of every image stays in the cache between being read and being written.
        chunk = max(256, 32768 / max(1, capacity))
        memory = .allocate(capacity: chunk * max(1, capacity))
    }

    deinit { memory.deallocate() }

    /// Draws how the batch of this index is mixed.
    func draw(epoch: Int, batch: Int, count: Int, sizes: [Size]) -> Mixing? {
        settings.sample(seed: seed, epoch: epoch, batch: batch, count: count, sizes: sizes)
    }

    /// Mixes `[count, 3, height, width]` in place.
    func apply(_ mixing: Mixing, branch: Int, to views: UnsafeMutablePointer<Float>, size: Size) {
        let part = mixing.branches[branch]
        let length = Image.channels * size.area
        switch (mixing.kind, part.box) {
        case (.mixup, _):
            for start in stride(from: 0, to: length, by: chunk) {
                let count = min(chunk, length - start)
                exchange(mixing.partners, at: views + start, apart: length, count: count, lambda: part.lambda)
            }
        case (.cutmix, let box?) where box.size.area > 0:
            for row in 0..<Image.channels * box.height {
                let (channel, y) = row.quotientAndRemainder(dividingBy: box.height)
                let line = views + channel * size.area + (box.y + y) * size.width + box.x
                for start in stride(from: 0, to: box.width, by: chunk) {
                    let count = min(chunk, box.width - start)
                    exchange(mixing.partners, at: line + start, apart: length, count: count, lambda: 0)
                }
            }
        case (.cutmix, _): break
        }
    }

    /// Mixes `count` floats of every image; images are `apart` floats apart.
    private func exchange(
        _ partners: [Int], at views: UnsafeMutablePointer<Float>, apart: Int, count: Int, lambda: Double
    ) {
        // Never nil: there is room for at least one chunk.
        let kept = memory.baseAddress.unsafelyUnwrapped
        for row in partners.indices { (kept + row * chunk).update(from: views + row * apart, count: count) }
        let (share, rest) = (Float(lambda), Float(1 - lambda))
        for (row, partner) in partners.enumerated() {
            let target = views + row * apart
            if lambda == 0 {
                target.update(from: kept + partner * chunk, count: count)
            } else if PixelOperations.isWide {
                KernelsAVX2.Kernels.mix(
                    kept + row * chunk, kept + partner * chunk, share: share, rest: rest, count: count, to: target)
            } else {
                Kernels.mix(
                    kept + row * chunk, kept + partner * chunk, share: share, rest: rest, count: count, to: target)
            }
        }
    }
}
