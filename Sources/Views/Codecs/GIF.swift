import CCodecs

extension ImageFormat {
    /// CompuServe's GIF, 87a and 89a.
    public static let gif = ImageFormat(rawValue: "gif")
}

/// GIF: the first frame on its canvas, by our own code.
enum GIF: Codec {
    static let format = ImageFormat.gif
    static let extensions = ["gif"]

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        data.holds(Array("GIF87a".utf8)) || data.holds(Array("GIF89a".utf8))
    }

    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader {
        try header(of: data, ccodecs_gif_header)
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        ccodecs_gif_decode(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count, target, report)
    }
}
