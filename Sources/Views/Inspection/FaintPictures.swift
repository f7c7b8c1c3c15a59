/// Pictures of 9 to 16 bits a channel whose values use only the low bits, as cameras and scanners of 10 to 14 bits
/// write them.
///
/// With `views.depth: high_byte` only the upper 8 bits are read, so such pictures are nearly black.
enum FaintPictures {
    /// Images that are looked at where not all are decoded anyway.
    private static let looks = 16

    private static func isDeep(_ header: ImageHeader) -> Bool { header.bits > 8 && !header.isRanged }

    /// The largest stored value, rounded up to whole bits, of a picture whose high bytes were decoded; nil if more than
    /// all bits but two are used.
    static func largest(of image: Image, _ header: ImageHeader) -> Int? {
        guard isDeep(header) else { return nil }
        var brightest: UInt8 = 0
        for channel in 0..<Image.channels {
            let plane = UnsafeBufferPointer(start: image.plane(channel), count: image.size.area)
            brightest = max(brightest, plane.max() ?? 0)
        }
        guard brightest < 64 else { return nil }
        let bits = header.bits - brightest.leadingZeroBitCount
        return 1 << bits - 1
    }

    /// Looks at a few images all over a source, and says what should be known of how their values are read.
    static func notes(on source: any Source) -> [String] {
        let decoder = ImageDecoder()
        let buffer = FileBuffer()
        let image = Image()
        var (looked, deep, faint, most, ranged, several) = (0, 0, 0, 0, 0, 0)
        for look in 0..<min(looks, source.count) {
            let index = look * source.count / min(looks, source.count)
            guard (try? source.read(index, into: buffer)) != nil,
                let header = try? decoder.header(of: buffer.bytes, path: "")
            else { continue }
            looked += 1
            if header.hasMore { several += 1 }
            if header.isRanged { ranged += 1 }
            guard isDeep(header), (try? decoder.decode(buffer.bytes, path: "", into: image)) != nil else { continue }
            deep += 1
            guard let largest = largest(of: image, header) else { continue }
            faint += 1
            most = max(most, largest)
        }
        var notes: [String] = []
        if faint > 0, 2 * faint > deep {
            notes.append(
                "\(faint) of \(counted(deep, "checked picture")) of 16 bits hold values up to \(most) and are "
                    + "nearly black by their high byte; views.depth: [0, \(most)], or stretch, brings them out")
        }
        if ranged > 0 {
            notes.append(
                "\(ranged) of \(counted(looked, "checked picture")) hold floats, signed or 32-bit values; "
                    + "each is stretched over its own range unless views.depth: [low, high] gives one for all")
        }
        if several > 0 {
            notes.append(
                "\(several) of \(counted(looked, "checked picture")) hold several (animations, pages); only the first "
                    + "is read, or the TIFF page that views.page names")
        }
        return notes
    }
}
