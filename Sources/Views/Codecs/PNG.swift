import CCodecs

extension ImageFormat {
    /// ISO 15948.
    public static let png = ImageFormat(rawValue: "png")
}

/// PNG: every colour type and depth, interlaced or not, through libpng.
enum PNG: Codec {
    static let format = ImageFormat.png
    static let extensions = ["png", "apng"]
    static var library: (name: String, version: String)? { ("libpng", String(cString: ccodecs_png_version())) }

    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        data.count >= 8 && data.prefix(8).elementsEqual(signature)
    }

    /// Checks that all chunks are there: decoding a part might not notice a truncated file.
    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader {
        guard data.count >= 33 else { throw .cutShort }
        guard data.big32(8) == 13, name(data, at: 12) == "IHDR", let width = data.big32(16), let height = data.big32(20)
        else { throw Malformed(.corrupt, "does not begin with its header") }
        guard (1...Int(Int32.max)).contains(width), (1...Int(Int32.max)).contains(height) else {
            throw Malformed(.corrupt, "has the impossible size \(width)x\(height)")
        }
        var header = ImageHeader(format: .png, stored: Size(width: width, height: height))
        // Colour types 4 and 6.
        header.hasAlpha = data[25] & 4 != 0
        header.bits = max(8, Int(data[24]))
        var offset = 33
        var isBeforeData = true
        while let length = data.big32(offset), offset + 12 + length <= data.count {
            switch name(data, at: offset + 4) {
            case "IEND": return header
            case "IDAT": isBeforeData = false
            case "acTL" where isBeforeData: header.hasMore = (data.big32(offset + 8) ?? 0) > 1
            case "tRNS": header.hasAlpha = header.hasAlpha || isBeforeData
            case "eXIf" where isBeforeData:
                let tiff = UnsafeRawBufferPointer(rebasing: data[offset + 8..<offset + 8 + length])
                header.orientation = Orientation(tiff: tiff)
            default: break
            }
            offset += 12 + length
        }
        throw Malformed(.truncated, "ends before its last chunk")
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        ccodecs_png_decode(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count, target, report)
    }

    private static func name(_ data: UnsafeRawBufferPointer, at offset: Int) -> String {
        String(decoding: data[offset..<offset + 4], as: UTF8.self)
    }

    static func profile(
        of data: UnsafeRawBufferPointer, options: DecodeOptions, scratch: UnsafeMutablePointer<ccodecs_scratch>
    ) -> [UInt8] {
        scratch.prefix(ccodecs_png_profile(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count))
    }
}
