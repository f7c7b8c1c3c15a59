import CCodecs

/// How pictures are decoded: background, limits, page and depth.
public struct DecodeOptions: Sendable, Equatable {
    /// The colour behind transparent pixels.
    public var background: Background
    /// The largest picture in pixels; checked before memory is allocated.
    public var maximumPixels: Int
    /// The page of a TIFF file, from 0.
    public var page = 0
    /// How samples of more than 8 bits become 0...255.
    public var depth = Depth.highByte
    /// How colour profiles are used.
    public var color = ColorMode.stored
    /// Whether only libjpeg decodes JPEG, which gives the same pixels but is slower. Tests and fuzzing compare our own
    /// entropy decoder and colour conversion with it.
    public var libraryOnly = false

    /// White behind transparent pixels, at most 100 megapixels.
    public init(background: Background = .white, maximumPixels: Int = 100_000_000) {
        self.background = background
        self.maximumPixels = maximumPixels
    }
}

/// Decodes files of all supported formats, which are detected from the contents.
///
/// It reuses its memory from one file to the next, and must not be shared between threads.
public final class ImageDecoder {
    private let options: DecodeOptions
    private var scratch = ccodecs_scratch()
    private let stored = Image()
    /// The profile of the last file, since most files of a folder share one.
    private var profile: ColorProfile?

    /// Makes a decoder with these options.
    public init(options: DecodeOptions = DecodeOptions()) {
        self.options = options
        scratch.reference = options.libraryOnly
    }

    deinit { ccodecs_scratch_free(&scratch) }

    /// Reads a file's header.
    /// - Parameters:
    ///   - data: the file.
    ///   - path: its name in errors.
    /// - Throws: `DecodeError` if the data are empty, not of a supported format, damaged, or have too many pixels.
    public func header(of data: UnsafeRawBufferPointer, path: String) throws(DecodeError) -> ImageHeader {
        do throws(Malformed) {
            return try inspect(data).header
        } catch {
            throw DecodeError(error.kind, path: path, reason: error.reason)
        }
    }

    /// Decodes a region of a file's picture, with its orientation applied, into `image`, which then holds that region.
    /// - Parameters:
    ///   - data: the file.
    ///   - path: its name in errors.
    ///   - region: the region in the coordinates of the delivered picture; all of it if nil.
    ///   - shrink: 1, or 2, 4 or 8 to decode JPEG that many times smaller along each side. This is faster, and close
    ///     but not equal to resizing the full picture; the image then covers the region. Ignored for other formats.
    ///   - image: receives the pixels.
    /// - Returns: the warnings of the library.
    /// - Throws: `DecodeError` as `header`; also if the data end early or contradict themselves, or if the region is
    ///   not in the picture.
    @discardableResult
    public func decode(
        _ data: UnsafeRawBufferPointer, path: String, region: Region? = nil, shrink: Int = 1, into image: Image
    ) throws(DecodeError) -> DecodeReport {
        do throws(Malformed) {
            let (codec, header) = try inspect(data)
            let region = region ?? Region(header.size)
            guard region.width > 0, region.height > 0, Region(header.size).contains(region) else {
                throw Malformed(.unsupported, "has \(header.size) pixels, which do not hold the region \(region)")
            }
            let shrink = header.format == .jpeg && [2, 4, 8].contains(shrink) ? shrink : 1
            let window = region.cover(shrunkBy: shrink)
            image.reshape(toHold: window, of: header.size.shrunk(by: shrink), shrink: shrink)
            if header.orientation == .up {
                let report = try decode(data, codec, header, window, into: image)
                if options.color == .srgb { convert(data, codec, image) }
                return report
            }
            let whole = header.stored.shrunk(by: shrink)
            let part = header.orientation.stored(window, of: whole)
            stored.reshape(toHold: part, of: whole, shrink: shrink)
            let report = try decode(data, codec, header, part, into: stored)
            for channel in 0..<Image.channels {
                header.orientation.apply(to: stored.plane(channel), of: part.size, writing: image.plane(channel))
            }
            if options.color == .srgb { convert(data, codec, image) }
            return report
        } catch {
            throw DecodeError(error.kind, path: path, reason: error.reason)
        }
    }

    private func convert(_ data: UnsafeRawBufferPointer, _ codec: any Codec.Type, _ image: Image) {
        let bytes = codec.profile(of: data, options: options, scratch: &scratch)
        guard !bytes.isEmpty else { return }
        if profile?.bytes != bytes { profile = ColorProfile(bytes) }
        profile?.apply(to: image)
    }

    private func inspect(
        _ data: UnsafeRawBufferPointer
    ) throws(Malformed) -> (codec: any Codec.Type, header: ImageHeader) {
        guard !data.isEmpty else { throw Malformed(.empty, "is empty") }
        guard let codec = codecs.first(where: { $0.recognizes(data) }) else {
            if let foreign = ForeignFormat(data) { throw Malformed(.unsupported, foreign.sentence) }
            let known = BuildInfo.formats.map { $0.rawValue.uppercased() }.joined(separator: ", ")
            throw Malformed(.unsupported, "is not in a supported format: \(known)")
        }
        guard codec.isAvailable else {
            let name = codec.format.rawValue.uppercased()
            throw Malformed(.unsupported, "is \(name), which is not read here; \(codec.remedy)")
        }
        let header = try codec.header(of: data, options: options)
        guard header.stored.area <= options.maximumPixels else {
            throw Malformed(
                .tooLarge,
                "has \(header.stored) pixels, the limit is \(options.maximumPixels / 1_000_000) megapixels "
                    + "(views.maximum_megapixels)")
        }
        return (codec, header)
    }

    private func decode(
        _ data: UnsafeRawBufferPointer, _ codec: any Codec.Type, _ header: ImageHeader, _ region: Region,
        into image: Image
    ) throws(Malformed) -> DecodeReport {
        let background = options.background
        var target = ccodecs_target(
            width: UInt32(header.stored.width), height: UInt32(header.stored.height),
            shrink: UInt32(image.shrink), x: UInt32(region.x), y: UInt32(region.y), region_width: UInt32(region.width),
            region_height: UInt32(region.height),
            planes: (image.plane(0), image.plane(1), image.plane(2)),
            background: (background.red, background.green, background.blue),
            page: UInt32(clamping: options.page), depth: options.depth.kind, low: options.depth.low,
            high: options.depth.high)
        var report = ccodecs_report()
        let status = codec.decode(data, scratch: &scratch, target: &target, report: &report)
        guard status == CCODECS_OK else { throw Malformed(status, report) }
        return DecodeReport(warnings: Int(report.warnings), message: report.text)
    }
}

/// The warnings of a decoder about a file that it could use.
public struct DecodeReport: Equatable, Sendable {
    /// The number of warnings.
    public var warnings: Int
    /// The first warning.
    public var message: String
}

extension ccodecs_report {
    /// The message as text.
    var text: String {
        withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
