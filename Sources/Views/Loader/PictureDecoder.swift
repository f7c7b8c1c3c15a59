/// What a worker needs of a decoder: the extent before any pixel, then the pixels of a region.
///
/// One owner; each worker has its own. Paths of errors are filled in by the caller, who knows them.
protocol PictureDecoder: AnyObject {
    /// The extent of the picture as it is delivered, orientation applied.
    func size(of bytes: UnsafeRawBufferPointer) throws(DecodeError) -> Size

    /// Decodes at least `region` of the picture, smaller by `shrink` along each side where the format can.
    func decode(_ bytes: UnsafeRawBufferPointer, region: Region, shrink: Int, into image: Image) throws(DecodeError)
}

/// The codecs as workers use them.
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
