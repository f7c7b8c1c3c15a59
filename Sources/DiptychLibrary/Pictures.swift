import CDiptych
import Views

/// Bytes that are owned by the caller.
final class HeldBytes {
    let memory: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        memory = .allocate(capacity: max(1, bytes.count))
        _ = memory.initialize(from: bytes)
    }

    deinit { memory.deallocate() }

    func handOut() -> UnsafeMutableRawPointer { Unmanaged.passRetained(self).toOpaque() }

    static func takeBack(_ owner: UnsafeMutableRawPointer) { Unmanaged<HeldBytes>.fromOpaque(owner).release() }
}

/// `diptych_decode` of diptych.h.
@_cdecl("diptych_decode")
public func decode(path: UnsafePointer<CChar>?, picture: UnsafeMutablePointer<diptych_picture>?) -> diptych_status {
    border {
        let path = try required(path, "path")
        let name = String(cString: path)
        let buffer = FileBuffer()
        try buffer.read(path: path, name: name)
        try handOut(buffer.bytes, name, to: picture)
    }
}

/// `diptych_decode_bytes` of diptych.h.
@_cdecl("diptych_decode_bytes")
public func decodeBytes(
    data: UnsafeRawPointer?, bytes: Int, picture: UnsafeMutablePointer<diptych_picture>?
) -> diptych_status {
    border {
        guard bytes >= 0 else { throw BorderError.invalid("bytes: is too large") }
        try handOut(UnsafeRawBufferPointer(start: required(data, "data"), count: bytes), "data", to: picture)
    }
}

private func handOut(
    _ data: UnsafeRawBufferPointer, _ name: String, to picture: UnsafeMutablePointer<diptych_picture>?
) throws {
    let target = try required(picture, "picture")
    let image = Image()
    _ = try ImageDecoder().decode(data, path: name, into: image)
    let held = HeldBytes(image.interleaved())
    target.pointee = diptych_picture(
        data: held.memory.baseAddress, height: Int64(image.size.height), width: Int64(image.size.width),
        owner: held.handOut())
}

/// `diptych_picture_release` of diptych.h.
@_cdecl("diptych_picture_release")
public func pictureRelease(picture: UnsafeMutablePointer<diptych_picture>?) {
    guard let picture, let owner = picture.pointee.owner else { return }
    HeldBytes.takeBack(owner)
    picture.pointee = diptych_picture()
}

/// `diptych_make_views` of diptych.h.
@_cdecl("diptych_make_views")
public func makeViews(
    pipeline: OpaquePointer?, picture: UnsafePointer<diptych_picture>?, branch: Int, seed: UInt64, epoch: Int64,
    sample: Int64, pixels number: Int32, data: UnsafeMutableRawPointer?, bytes: Int
) -> diptych_status {
    border {
        let pipeline = try object(pipeline, PipelineHandle.self).pipeline
        let branch = try checked(branch, below: pipeline.branches.count, "branch")
        let kind = pipeline.branches[branch]
        let pixels = try pixels(number)
        let stride = pixels == .float32 ? MemoryLayout<Float>.stride : 1
        let length = Image.channels * kind.size.area * stride
        guard bytes == kind.count * length else {
            throw BorderError.invalid("bytes: must be \(kind.count * length), is \(UInt(bitPattern: bytes))")
        }
        guard (0...1 << 40).contains(epoch), (0...1 << 40).contains(sample) else {
            throw BorderError.invalid("epoch and sample: must be in 0...2^40, are \(epoch) and \(sample)")
        }
        let target = try required(data, "data")
        let image = try Image(callers: required(picture, "picture").pointee)
        let recipes = try pipeline.recipes(seed: seed, epoch: Int(epoch), sample: Int(sample), input: image.size)
        let first = pipeline.branches[..<branch].reduce(0) { $0 + $1.count }
        let canvas = Canvas()
        for view in 0..<kind.count {
            pipeline.apply(recipes[first + view], to: image, on: canvas)
            let start = target + view * length
            switch pixels {
            case .float32: pipeline.normalize.write(canvas.picture, to: start.assumingMemoryBound(to: Float.self))
            case .uint8:
                canvas.picture.interleaved().withUnsafeBytes {
                    start.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: length)
                }
            }
        }
    }
}

extension Image {
    /// A caller's picture.
    fileprivate convenience init(callers picture: diptych_picture) throws {
        let limit = DecodeOptions().maximumPixels
        guard (1...1 << 24).contains(picture.height), (1...1 << 24).contains(picture.width),
            picture.height * picture.width <= limit
        else {
            throw BorderError.invalid(
                "picture: has \(picture.width)x\(picture.height) pixels; it must have 1 to \(limit)")
        }
        let size = Size(width: Int(picture.width), height: Int(picture.height))
        let pixels = UnsafeBufferPointer(
            start: try required(picture.data, "picture.data"), count: size.area * Image.channels)
        self.init(size: size, interleaved: Array(pixels))
    }
}

/// `diptych_contact_sheet` of diptych.h.
@_cdecl("diptych_contact_sheet")
public func contactSheet(
    source: OpaquePointer?, pipeline: OpaquePointer?, count: Int, seed: UInt64,
    png: UnsafeMutablePointer<diptych_file>?
) -> diptych_status {
    border {
        let source = try object(source, SourceHandle.self).source
        let pipeline = try object(pipeline, PipelineHandle.self).pipeline
        let target = try required(png, "png")
        guard (1...10_000).contains(count) else { throw BorderError.invalid("count: must be in 1...10000") }
        let sheet = try ContactSheet(pipeline: pipeline, seed: seed).draw(source, count: count)
        let bytes = try PNGWriter.encode(sheet)
        let held = HeldBytes(bytes)
        target.pointee = diptych_file(
            data: UnsafePointer(held.memory.baseAddress), bytes: bytes.count, owner: held.handOut())
    }
}

/// `diptych_file_release` of diptych.h.
@_cdecl("diptych_file_release")
public func fileRelease(file: UnsafeMutablePointer<diptych_file>?) {
    guard let file, let owner = file.pointee.owner else { return }
    HeldBytes.takeBack(owner)
    file.pointee = diptych_file()
}
