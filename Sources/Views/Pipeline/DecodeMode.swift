/// Whether a picture may be decoded smaller than it is.
///
/// `fast` pays if crops are at least twice the size of their views, as on photographs of several megapixels. libjpeg
/// then decodes at a half, a quarter or an eighth of each side, as long as a crop has at least as many pixels as its
/// view. The crop moves by at most half a pixel of the smaller picture; docs/decoding.md measures the difference.
public enum DecodeMode: String, Codable, Sendable {
    /// Every view is bit for bit that of a full decode.
    case exact
    /// JPEG files are decoded at the smallest scale that the crops allow.
    case fast
}
