/// What a file in ISO's container of pictures and videos is, by the brands in its first box.
struct MediaBrands {
    /// The brand that the file goes by.
    let major: String
    /// All brands.
    private let all: String

    /// Nil where the data are no such container.
    init?(_ data: UnsafeRawBufferPointer) {
        guard data.count >= 12, data.holds(Array("ftyp".utf8), at: 4) else { return nil }
        major = String(decoding: data[8..<12], as: UTF8.self)
        all = String(decoding: data[8..<min(64, data.count)], as: UTF8.self)
    }

    /// Whether compatible brands have to say what the file is.
    var isGeneric: Bool { ["mif1", "msf1"].contains(major) }

    /// Whether it is AVIF, moving or not.
    var isAVIF: Bool { ["avif", "avis"].contains(major) || isGeneric && all.contains("avi") }
}
