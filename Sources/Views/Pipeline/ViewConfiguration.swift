/// What is made of each image: the `views` part of a pipeline file.
///
/// ```yaml
/// views:
///   branches:
///     - {count: 2, size: 224, steps: [resized_crop, horizontal_flip]}
///   evaluation: [{resize: {size: 256}}, center_crop]
///
///   # Options, off by default.
///   trunk: [{apply: {p: 0.2, steps: [grayscale]}}]   # drawn once and shared by all views
///   overlap: {iou: [0.2, 0.8]}                       # overlap of the crops; [1, 1] is one crop for all views
///   mix: {mixup: {alpha: 0.2}, cutmix: {alpha: 1}}   # whole batches, after they are made
///   maximum_megapixels: 200                          # larger pictures are skipped; 100 by default
///   depth: stretch                                   # 16 bits and floats: high_byte by default, stretch, or [low, high]
///   page: 1                                          # of TIFF files with several pages, counted from 0; the first by default
///   color: srgb                                      # ICC profiles are applied; stored by default
///   decode: fast                                     # JPEG smaller than it is where crops allow; exact by default
///   cache: {memory: {megabytes: 4096}}               # keeps decoded pictures from one epoch to the next
/// ```
public struct ViewConfiguration: Component {
    /// Its name in pipeline files.
    public static let name = "views"
    /// The colour behind transparent pixels.
    public var background = Background.white
    /// Steps that are applied once for all views, with the same random draws.
    public var trunk: [Step] = []
    /// How far the views' crops overlap; they are independent if nil.
    public var overlap: CropOverlap?
    /// The kinds of view.
    public var branches = [BranchConfiguration()]
    /// The steps of evaluation, none of them random. By default the shorter side is resized to that of
    /// `evaluationSize`, and the centre is kept.
    public var evaluation: [Step] = [Step(Resize()), Step(CenterCrop())]
    /// The size of a view in evaluation; the first branch's if nil.
    public var evaluationSize: ViewSize?
    /// How the views of a batch are mixed with each other; they are not if nil.
    public var mix: BatchMix?
    /// Whether a picture may be decoded smaller than it is.
    public var decode = DecodeMode.exact
    /// The largest picture in megapixels; a larger one is skipped. Each thread needs about 10 bytes a pixel.
    public var maximumMegapixels = 100
    /// How stored values of more than 8 bits become 0...255.
    public var depth = Depth.highByte
    /// The page of a TIFF file that is read, counted from 0.
    public var page = 0
    /// What becomes of colour profiles: pixels stay as stored, or become sRGB.
    public var color = ColorMode.stored
    /// Where decoded pictures are kept from one epoch to the next; they are not if nil.
    public var cache: Selected<CacheFamily>?
    /// How pixel values become the floats of a network's input.
    public var normalize = Normalize()

    /// One branch of two views, 224 by 224.
    public init() {}

    /// How pictures are decoded.
    var decoding: DecodeOptions {
        var options = DecodeOptions(background: background, maximumPixels: maximumMegapixels * 1_000_000)
        options.depth = depth
        options.page = page
        options.color = color
        return options
    }

    /// Checks the settings of decoding.
    func validateDecoding() throws(InvalidSetting) {
        try require("maximum_megapixels", maximumMegapixels, in: 1...2000)
        try require("page", page, in: 0...65_534)
        guard color.isAvailable else {
            throw InvalidSetting("color", "srgb takes Little CMS: install liblcms2-2, or set stored")
        }
        guard let cache else { return }
        do {
            try cache.validate()
        } catch {
            throw InvalidSetting("cache.\(error.key)", error.reason)
        }
        if decode == .fast {
            throw InvalidSetting("cache", "keeps whole pictures; remove either views.cache or views.decode: fast")
        }
    }

    /// Throws `InvalidSetting` if no pipeline can be built from these settings.
    public func validate() throws(InvalidSetting) {
        _ = try ViewPipeline(self)
    }
}

/// One kind of view, and how many of them each image gets.
public struct BranchConfiguration: Component {
    /// Its name in pipeline files.
    public static let name = "branch"
    /// Its name in messages and reports; `branch N`, counted from 0, if nil.
    public var name: String?
    /// Views of this kind of each image.
    public var count = 2
    /// The size of each view.
    public var size = ViewSize(Size(square: 224))
    /// The steps, in the order in which they are applied.
    public var steps: [Step] = [Step(ResizedCrop())]

    /// Two random crops, 224 by 224.
    public init() {}

    /// A branch of `count` views.
    public init(name: String? = nil, count: Int, size: Size, steps: [Step]) {
        self.name = name
        self.count = count
        self.size = ViewSize(size)
        self.steps = steps
    }

    /// Throws `InvalidSetting` unless the count is in range.
    public func validate() throws(InvalidSetting) {
        try require("count", count, in: 1...64)
    }
}

/// A size as files write it: one number for a square, or `[height, width]`.
public struct ViewSize: Codable, Hashable, Sendable {
    /// The size in pixels.
    public var size: Size

    /// A size to be written as files write it.
    public init(_ size: Size) {
        self.size = size
    }

    /// Decodes one number or two.
    public init(from decoder: any Decoder) throws {
        if let side = try? decoder.singleValueContainer().decode(Int.self) {
            size = Size(square: side)
        } else {
            let sides = try? decoder.singleValueContainer().decode([Int].self)
            guard let sides, sides.count == 2 else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath,
                        debugDescription: "must be a whole number, or two: [height, width]"))
            }
            size = Size(width: sides[1], height: sides[0])
        }
        guard (1...8192).contains(size.width), (1...8192).contains(size.height) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "must be in 1...8192, is \(size)"))
        }
    }

    /// Encodes what `init(from:)` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if size.width == size.height {
            try container.encode(size.width)
        } else {
            try container.encode([size.height, size.width])
        }
    }
}

/// A colour as files write it: `white`, `black`, `gray`, or `[red, green, blue]`.
public struct Background: Codable, Hashable, Sendable {
    /// Red, 0...255.
    public var red: UInt8
    /// Green, 0...255.
    public var green: UInt8
    /// Blue, 0...255.
    public var blue: UInt8

    /// A colour with these values.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// `[255, 255, 255]`.
    public static let white = Background(red: 255, green: 255, blue: 255)
    /// `[0, 0, 0]`.
    public static let black = Background(red: 0, green: 0, blue: 0)
    /// `[128, 128, 128]`.
    public static let gray = Background(red: 128, green: 128, blue: 128)

    private static let names: [(String, Background)] = [("white", white), ("black", black), ("gray", gray)]

    /// Decodes a name or three values.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let name = try? container.decode(String.self), let named = Background.names.first(where: { $0.0 == name }) {
            self = named.1
        } else if let values = try? container.decode([UInt8].self), values.count == 3 {
            self.init(red: values[0], green: values[1], blue: values[2])
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "must be white, black, gray, or three values: [red, green, blue]")
        }
    }

    /// Encodes what `init(from:)` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let named = Background.names.first(where: { $0.1 == self }) {
            try container.encode(named.0)
        } else {
            try container.encode([red, green, blue])
        }
    }
}
