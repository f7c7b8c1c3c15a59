import CDiptych

/// Calls of the C interface in any order with any arguments, as the bytes of an input say.
///
/// What a handle points to is the caller's word, so handles are live ones or NULL; everything else may be anything.
struct Border {
    private var bytes: ArraySlice<UInt8>
    private var pipelines: [OpaquePointer?] = [nil]
    private var sources: [OpaquePointer?] = [nil]
    private var loaders: [OpaquePointer?] = [nil]
    private var batches: [diptych_batch] = []
    private let images: String

    init(_ data: UnsafeRawBufferPointer, images: String) {
        bytes = Array(data)[...]
        self.images = images
    }

    private mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

    /// A number that is small, or has any bits.
    private mutating func number() -> Int64 {
        let kind = byte()
        if kind < 192 { return Int64(kind % 12) - 1 }
        return (0..<8).reduce(0) { value, _ in value << 8 | Int64(byte()) }
    }

    private mutating func text() -> [CChar] {
        let length = Int(byte())
        let part = bytes.prefix(length)
        bytes = bytes.dropFirst(length)
        return part.map { CChar(bitPattern: $0) } + [0]
    }

    private mutating func choose(_ handles: [OpaquePointer?]) -> OpaquePointer? {
        handles[Int(byte()) % handles.count]
    }

    mutating func run() {
        for _ in 0..<48 where !bytes.isEmpty { call() }
        for index in batches.indices { diptych_batch_release(&batches[index]) }
        loaders.forEach { diptych_loader_close($0) }
        pipelines.forEach { diptych_pipeline_close($0) }
        sources.forEach { diptych_source_close($0) }
    }

    private mutating func call() {
        var size = 0
        switch byte() % 16 {
        case 0:
            var opened: OpaquePointer?
            let yaml = text()
            if diptych_pipeline_open(nil, yaml, nil, 0, &opened) == DIPTYCH_OK { pipelines.append(opened) }
        case 1:
            var opened: OpaquePointer?
            let settings = "views: {branches: [{count: 2, size: 8, steps: [resized_crop]}]}"
            let override = text()
            let status = override.withUnsafeBufferPointer { override in
                var list: [UnsafePointer<CChar>?] = [override.baseAddress]
                return diptych_pipeline_open(nil, settings, &list, 1, &opened)
            }
            if status == DIPTYCH_OK { pipelines.append(opened) }
        case 2:
            var opened: OpaquePointer?
            // Not all of the file system, which is long.
            let name = byte() % 4 == 0 ? text().filter { $0 != 0x2F && $0 != 0x2E } : Array(images.utf8CString)
            if diptych_source_open(name, &opened) == DIPTYCH_OK {
                sources.append(opened)
            }
        case 3: openLoader()
        case 4, 5, 6:
            var batch = diptych_batch()
            if diptych_loader_next(choose(loaders), 0.02, &batch) == DIPTYCH_OK { batches.append(batch) }
        case 7: if !batches.isEmpty { diptych_batch_release(&batches[Int(byte()) % batches.count]) }
        case 8: _ = diptych_loader_stop(choose(loaders))
        case 9:
            var memory = [CChar](repeating: 1, count: 16)
            _ = diptych_source_path(choose(sources), Int(number()), &memory, 16, &size)
        case 10:
            var branch = diptych_branch()
            _ = diptych_pipeline_branch(choose(pipelines), Int(number()), &branch)
        case 11:
            var labels = [Int64](repeating: 0, count: 256)
            let count = Int(number())
            if count <= 256 { _ = diptych_source_labels(choose(sources), &labels, count) }
        case 12: makeViews()
        case 13:
            var sample: Int64 = 0
            _ = diptych_loader_quarantine(choose(loaders), Int(number()), &sample, nil, 0, &size)
        case 14:
            var picture = diptych_picture()
            let data = text()
            _ = diptych_decode_bytes(data, data.count, &picture)
            diptych_picture_release(&picture)
            _ = diptych_decode(data, &picture)
            diptych_picture_release(&picture)
        default:
            var statistics = diptych_statistics()
            _ = diptych_loader_statistics(choose(loaders), &statistics)
            _ = diptych_loader_length(choose(loaders), &size)
        }
    }

    private mutating func openLoader() {
        var options = diptych_loader_options()
        diptych_loader_defaults(&options)
        options.batch_size = number()
        options.epochs = number()
        options.first_epoch = number()
        options.first_batch = number()
        options.seed = UInt64(bitPattern: number())
        // More would only be slow.
        options.threads = byte() % 8 == 0 ? number() % 1030 : 1
        options.slots = number()
        options.rank = number()
        options.world_size = number()
        options.drop_last = Int32(byte() % 3)
        options.shuffle = Int32(byte() % 3)
        options.pixels = Int32(byte() % 3)
        options.maximum_bad = byte() % 4 == 0 ? Double(number()) : 1
        if byte() % 16 == 0 { options.size = Int(number()) }
        var opened: OpaquePointer?
        if diptych_loader_open(choose(sources), choose(pipelines), &options, &opened) == DIPTYCH_OK {
            loaders.append(opened)
        }
    }

    private mutating func makeViews() {
        var pixels = [UInt8](repeating: 7, count: 3 * 16 * 16)
        var target = [Float](repeating: 0, count: 4096)
        let (height, width) = (number(), number())
        // A size that the interface takes must be one that the memory has.
        let isWild = [height, width].contains { !(1...1 << 24).contains($0) }
        guard isWild || height * width <= 256 else { return }
        let count = min(Int(number()) & 0x3FFF, 4 * target.count)
        pixels.withUnsafeMutableBufferPointer { memory in
            var picture = diptych_picture(data: memory.baseAddress, height: height, width: width, owner: nil)
            _ = diptych_make_views(
                choose(pipelines), &picture, Int(number()), 1, number(), number(), Int32(byte() % 3), &target, count)
        }
    }
}
