import Views

/// Small versions of images, for a page.
final class Thumbnails {
    private let source: any Source
    private let side: Int
    private let decoder: ImageDecoder
    private let buffer = FileBuffer()
    private let picture = Image()
    private let canvas = Canvas()

    /// - Parameter side: the longer side of a thumbnail in pixels.
    init(_ source: any Source, side: Int, background: Background) {
        self.source = source
        self.side = side
        decoder = ImageDecoder(options: DecodeOptions(background: background))
    }

    /// An image of the source as a small PNG; nil if it is no longer readable.
    func png(_ index: Int) -> [UInt8]? {
        do throws(DecodeError) {
            try source.read(index, into: buffer)
            try decoder.decode(buffer.bytes, path: source.name(index), into: picture)
            return try png(picture)
        } catch {
            return nil
        }
    }

    /// An image as a small PNG.
    func png(_ image: Image) throws(DecodeError) -> [UInt8] {
        let longest = max(image.size.width, image.size.height, 1)
        let scale = min(1, Double(side) / Double(longest))
        let size = Size(
            width: max(1, Int(Double(image.size.width) * scale)), height: max(1, Int(Double(image.size.height) * scale))
        )
        canvas.load(image)
        if size != image.size { Resize().apply(Resize.Parameters(size: size), to: canvas) }
        return try PNGWriter.encode(canvas.picture)
    }
}
