/// Pictures of 16 bits a channel whose values fill only the low bits, as cameras and scanners of 10 to 14 bits write
/// them.
///
/// The upper 8 bits are what is read, so that such pictures are nearly black.
enum FaintPictures {
    /// Images that are looked at where not all are decoded anyway.
    private static let looks = 16

    /// Whether a file is a PNG of 16 bits a channel.
    static func isDeep(_ data: UnsafeRawBufferPointer) -> Bool {
        data.count > 24 && PNG.recognizes(data) && data[24] == 16
    }

    /// The brightest level of a decoded file of 16 bits, where no more than 14 of them are used; nil otherwise.
    static func brightest(of image: Image, from data: UnsafeRawBufferPointer) -> UInt8? {
        guard isDeep(data) else { return nil }
        var brightest: UInt8 = 0
        for channel in 0..<Image.channels {
            let plane = UnsafeBufferPointer(start: image.plane(channel), count: image.size.area)
            brightest = max(brightest, plane.max() ?? 0)
        }
        return brightest < 64 ? brightest : nil
    }

    /// Looks at a few images all over a source; nil unless most of those of 16 bits are faint.
    static func note(on source: any Source) -> String? {
        let decoder = ImageDecoder()
        let buffer = FileBuffer()
        let image = Image()
        var (deep, faint, level) = (0, 0, UInt8(0))
        for look in 0..<min(looks, source.count) {
            let index = look * source.count / min(looks, source.count)
            guard (try? source.read(index, into: buffer)) != nil, isDeep(buffer.bytes),
                (try? decoder.decode(buffer.bytes, path: "", into: image)) != nil
            else { continue }
            deep += 1
            guard let brightest = brightest(of: image, from: buffer.bytes) else { continue }
            faint += 1
            level = max(level, brightest)
        }
        guard faint > 0, 2 * faint > deep else { return nil }
        return "\(faint) of \(counted(deep, "picture")) of 16 bits that were looked at fill only the low bits: of 256 "
            + "levels that are read they reach \(level); multiply their values (12 bits by 16) to see anything"
    }
}
