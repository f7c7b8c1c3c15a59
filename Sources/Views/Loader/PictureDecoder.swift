/// What a worker needs from a decoder: first the size, then the pixels of a region.
///
/// Each worker has its own. The caller adds the path to errors.
protocol PictureDecoder: AnyObject {
    /// The size of the delivered picture, after its orientation is applied.
    func size(of bytes: UnsafeRawBufferPointer) throws(DecodeError) -> Size

    /// Decodes at least `region` of the picture, with each side smaller by `shrink` if the format can.
    func decode(_ bytes: UnsafeRawBufferPointer, region: Region, shrink: Int, into image: Image) throws(DecodeError)
}

/// The decoder of all formats.
final class CodecDecoder: PictureDecoder {
    private let decoder: ImageDecoder

    init(_ options: DecodeOptions) { decoder = ImageDecoder(options: options) }

    func size(of bytes: UnsafeRawBufferPointer) throws(DecodeError) -> Size {
        try decoder.header(of: bytes, path: "").size
    }

    func decode(_ bytes: UnsafeRawBufferPointer, region: Region, shrink: Int, into image: Image) throws(DecodeError) {
        _ = try decoder.decode(bytes, path: "", region: region, shrink: shrink, into: image)
    }
}
