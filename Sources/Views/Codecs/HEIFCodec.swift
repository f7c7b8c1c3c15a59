import CCodecs

/// A format that libheif reads, where that is installed; libheif itself turns the picture.
protocol HEIFCodec: Codec {}

extension HEIFCodec {
    static var library: (name: String, version: String)? { ("libheif", String(cString: ccodecs_heif_version())) }

    static func remedy(plugin: String) -> String {
        "install libheif1, and libheif-plugin-\(plugin) where the system has it, or convert them to .jpg"
    }

    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader {
        try header(of: data, ccodecs_heif_header)
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        ccodecs_heif_decode(data.bindMemory(to: UInt8.self).baseAddress, data.count, target, report)
    }

    static func profile(
        of data: UnsafeRawBufferPointer, options: DecodeOptions, scratch: UnsafeMutablePointer<ccodecs_scratch>
    ) -> [UInt8] {
        scratch.prefix(ccodecs_heif_profile(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count))
    }
}
