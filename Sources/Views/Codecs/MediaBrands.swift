/// The brands in the first box of an ISO container, which tell what the file holds.
struct MediaBrands {
    /// The major brand.
    let major: String
    /// All brands.
    private let all: String

    /// Reads the brands; nil if the data are not an ISO container.
    init?(_ data: UnsafeRawBufferPointer) {
        guard data.count >= 12, data.holds(Array("ftyp".utf8), at: 4) else { return nil }
        major = String(decoding: data[8..<12], as: UTF8.self)
        all = String(decoding: data[8..<min(64, data.count)], as: UTF8.self)
    }

    /// Whether only the compatible brands tell what the file holds.
    var isGeneric: Bool { ["mif1", "msf1"].contains(major) }

    /// Whether the file is AVIF, still or animated.
    var isAVIF: Bool { ["avif", "avis"].contains(major) || isGeneric && all.contains("avi") }
}
