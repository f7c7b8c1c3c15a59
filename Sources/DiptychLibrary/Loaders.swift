import CDiptych
import Files
import Views

/// A loader and the process of its worker threads.
final class LoaderHandle {
    let loader: Loader
    let sampler: Sampler
    private let process = getpid()

    init(_ loader: Loader, sampler: Sampler) {
        self.loader = loader
        self.sampler = sampler
    }

    /// Whether this is a fork of the process that made the loader, without its worker threads.
    var isForked: Bool { process != getpid() }

    /// The loader of a handle; throws in a fork.
    static func of(_ handle: OpaquePointer?) throws -> LoaderHandle {
        let own = try object(handle, LoaderHandle.self)
        guard !own.isForked else {
            throw BorderError(
                DIPTYCH_FORKED,
                "the loader was opened by process \(own.process), this is \(getpid()), a fork of it without the "
                    + "loader's threads; open a loader after the fork")
        }
        return own
    }
}

/// Memory from a caller's functions.
private struct CallersMemory: BatchMemory, @unchecked Sendable {
    let functions: diptych_memory

    struct Refused: Error, CustomStringConvertible {
        let description = "the caller's function gave none"
    }

    func allocate(byteCount: Int, alignment: Int) throws -> UnsafeMutableRawPointer {
        guard let pointer = functions.allocate?(functions.context, byteCount, alignment) else { throw Refused() }
        return pointer
    }

    func free(_ pointer: UnsafeMutableRawPointer) { functions.free?(functions.context, pointer) }
}

/// The options of the interface's first version.
private struct LoaderSettings {
    var given: diptych_loader_options

    init(_ options: UnsafePointer<diptych_loader_options>?) throws {
        let options = try required(options, "options")
        let size = options.pointee.size
        guard size >= MemoryLayout<diptych_loader_options>.size else {
            throw BorderError.invalid("size: must be sizeof(diptych_loader_options), is \(size)")
        }
        given = options.pointee
        try check("batch_size", given.batch_size, in: 1...1 << 31)
        try check("first_epoch", given.first_epoch, in: 0...1 << 31)
        try check("epochs", given.epochs, in: given.first_epoch...1 << 32)
        try check("first_batch", given.first_batch, in: 0...1 << 40)
        try check("threads", given.threads, in: 0...1024)
        try check("world_size", given.world_size, in: 1...1 << 20)
        try check("rank", given.rank, in: 0...given.world_size - 1)
        guard given.slots == 0 || (2...4096).contains(given.slots) else {
            throw BorderError.invalid("slots: must be 0 or in 2...4096, is \(given.slots)")
        }
        guard (0...1).contains(given.maximum_bad) else {
            throw BorderError.invalid("maximum_bad: must be in 0...1, is \(given.maximum_bad)")
        }
        guard (given.memory.allocate == nil) == (given.memory.free == nil) else {
            throw BorderError.invalid("memory: give both functions or none")
        }
    }

    private func check(_ name: String, _ value: Int64, in range: ClosedRange<Int64>) throws {
        guard range.contains(value) else {
            throw BorderError.invalid("\(name): must be in \(range.lowerBound)...\(range.upperBound), is \(value)")
        }
    }

    func loader() throws -> LoaderOptions {
        var options = LoaderOptions()
        options.reuse = .afterRelease
        options.threads = given.threads == 0 ? nil : Int(given.threads)
        options.slots = given.slots == 0 ? nil : Int(given.slots)
        options.badImages = .skip(maximum: given.maximum_bad)
        options.pixels = try pixels(given.pixels)
        if given.memory.allocate != nil { options.memory = CallersMemory(functions: given.memory) }
        return options
    }

    func sampler(of source: any Source) -> Sampler {
        Sampler(
            count: source.count, batch: Int(given.batch_size), seed: given.shuffle != 0 ? given.seed : nil,
            dropLast: given.drop_last != 0, shuffle: given.shuffle != 0 ? .training(source) : .global,
            rank: Sampler.Rank(Int(given.rank), of: Int(given.world_size)))
    }
}

/// The type of pixel values for a number of the interface.
func pixels(_ number: Int32) throws -> ViewPixels {
    switch number {
    case Int32(DIPTYCH_FLOAT32.rawValue): .float32
    case Int32(DIPTYCH_UINT8.rawValue): .uint8
    default: throw BorderError.invalid("pixels: must be DIPTYCH_FLOAT32 or DIPTYCH_UINT8, is \(number)")
    }
}

/// `diptych_loader_defaults` of diptych.h.
@_cdecl("diptych_loader_defaults")
public func loaderDefaults(options: UnsafeMutablePointer<diptych_loader_options>?) {
    var defaults = diptych_loader_options()
    defaults.size = MemoryLayout<diptych_loader_options>.size
    defaults.batch_size = 64
    defaults.epochs = 1
    defaults.world_size = 1
    defaults.drop_last = 1
    defaults.shuffle = 1
    defaults.maximum_bad = 0.01
    options?.pointee = defaults
}

/// `diptych_loader_open` of diptych.h.
@_cdecl("diptych_loader_open")
public func loaderOpen(
    source: OpaquePointer?, pipeline: OpaquePointer?, options: UnsafePointer<diptych_loader_options>?,
    loader: UnsafeMutablePointer<OpaquePointer?>?
) -> diptych_status {
    border {
        let target = try required(loader, "loader")
        let source = try object(source, SourceHandle.self).source
        let pipeline = try object(pipeline, PipelineHandle.self).pipeline
        let settings = try LoaderSettings(options)
        let sampler = settings.sampler(of: source)
        let made = try Loader(
            source, pipeline: pipeline, sampler: sampler, seed: settings.given.seed,
            epochs: Int(settings.given.first_epoch)..<Int(settings.given.epochs),
            from: Int(settings.given.first_batch), options: settings.loader())
        target.pointee = handOut(LoaderHandle(made, sampler: sampler))
    }
}

/// `diptych_loader_close` of diptych.h.
@_cdecl("diptych_loader_close")
public func loaderClose(loader: OpaquePointer?) {
    // A fork has no threads to wait for, and must not change the parent's memory.
    guard let own = try? object(loader, LoaderHandle.self), !own.isForked else { return }
    own.loader.stop()
    takeBack(loader, LoaderHandle.self)
}

/// `diptych_loader_stop` of diptych.h.
@_cdecl("diptych_loader_stop")
public func loaderStop(loader: OpaquePointer?) -> diptych_status {
    border { try LoaderHandle.of(loader).loader.stop() }
}

/// `diptych_loader_length` of diptych.h.
@_cdecl("diptych_loader_length")
public func loaderLength(loader: OpaquePointer?, batches: UnsafeMutablePointer<Int>?) -> diptych_status {
    border { try required(batches, "batches").pointee = try LoaderHandle.of(loader).sampler.batches }
}

/// `diptych_loader_next` of diptych.h.
@_cdecl("diptych_loader_next")
public func loaderNext(
    loader: OpaquePointer?, seconds: Double, batch: UnsafeMutablePointer<diptych_batch>?
) -> diptych_status {
    streaming {
        let own = try LoaderHandle.of(loader)
        let target = try required(batch, "batch")
        guard seconds >= 0 else { throw BorderError.invalid("seconds: must be 0 or more, is \(seconds)") }
        switch try own.loader.next(within: min(seconds, 1e9)) {
        case .endOfEpoch: return DIPTYCH_END_OF_EPOCH
        case .pending: return DIPTYCH_PENDING
        case .batch(let found):
            target.pointee = HeldBatch.handOut(found, of: own)
            return DIPTYCH_OK
        }
    }
}

/// `diptych_batch_release` of diptych.h.
@_cdecl("diptych_batch_release")
public func batchRelease(batch: UnsafeMutablePointer<diptych_batch>?) {
    guard let batch, let owner = batch.pointee.owner else { return }
    HeldBatch.takeBack(owner)
    batch.pointee = diptych_batch()
}

/// `diptych_loader_statistics` of diptych.h.
@_cdecl("diptych_loader_statistics")
public func loaderStatistics(
    loader: OpaquePointer?, statistics: UnsafeMutablePointer<diptych_statistics>?
) -> diptych_status {
    border {
        let loader = try LoaderHandle.of(loader).loader
        let sums = loader.statistics
        func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }
        try required(statistics, "statistics").pointee = diptych_statistics(
            images: Int64(sums.images), failures: Int64(sums.failures), bytes: Int64(sums.bytes),
            read: seconds(sums.read), decode: seconds(sums.decode), augment: seconds(sums.augment),
            normalize: seconds(sums.normalize), idle: seconds(sums.idle), waited: loader.waitSeconds)
    }
}

/// `diptych_loader_quarantine_count` of diptych.h.
@_cdecl("diptych_loader_quarantine_count")
public func loaderQuarantineCount(loader: OpaquePointer?, count: UnsafeMutablePointer<Int>?) -> diptych_status {
    border { try required(count, "count").pointee = try LoaderHandle.of(loader).loader.quarantine.count }
}

/// `diptych_loader_quarantine` of diptych.h.
@_cdecl("diptych_loader_quarantine")
public func loaderQuarantine(
    loader: OpaquePointer?, index: Int, sample: UnsafeMutablePointer<Int64>?, text: UnsafeMutablePointer<CChar>?,
    capacity: Int, length: UnsafeMutablePointer<Int>?
) -> diptych_status {
    border {
        let records = try LoaderHandle.of(loader).loader.quarantine
        let record = records[try checked(index, below: records.count, "index")]
        sample?.pointee = Int64(record.sample)
        try copy(record.description, to: text, capacity: capacity, length: length)
    }
}
