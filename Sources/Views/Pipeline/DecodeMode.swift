/// Whether a picture may be decoded smaller than it is.
///
/// `fast` pays where crops are at least twice the size of their views, as on photographs of several megapixels: libjpeg
/// then decodes at a half, a quarter or an eighth along each side, as long as every crop keeps a pixel for each of its
/// view. The crop moves by at most half of a shrunken pixel; docs/decoding.md has what that does to the levels.
public enum DecodeMode: String, Codable, Sendable {
    /// Every view equals the one that a full decode gives, to the bit.
    case exact
    /// JPEG at the smallest scale that the crops allow.
    case fast
}
