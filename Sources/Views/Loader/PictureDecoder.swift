/// What a worker needs of a decoder: the extent before any pixel, then the pixels of a region.
///
/// One owner; each worker has its own. Paths of errors are filled in by the caller, who knows them.
protocol PictureDecoder: AnyObject {
    /// The extent of the picture as it is delivered, orientation applied.
    func size(of bytes: UnsafeRawBufferPointer) throws(DecodeError) -> Size

    /// Decodes at least `region` of the picture.
    func decode(_ bytes: UnsafeRawBufferPointer, region: Region, into image: Image) throws(DecodeError)
}
