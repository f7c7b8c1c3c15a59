/// An RGB picture of 8 bits a channel, or the part of one that was decoded: three planes (CHW), rows without padding.
///
/// Planes rather than interleaved pixels: this is torchvision's layout, every kernel after the decoder works on one
/// channel at a time, and a plane needs no shuffles to fill a vector register. The memory only ever grows, so that a
/// worker's picture stops allocating once it has seen its largest file. One owner; not shared between threads.
public final class Image {
    /// Red, green and blue; every decoder delivers these.
    public static let channels = 3

    /// Bytes past the last plane that may be read (not written) by kernels whose vectors overrun the end.
    public static let slack = 64

    /// The extent of the pixels held here.
    public private(set) var size = Size(width: 0, height: 0)

    /// The extent of the picture that the pixels belong to; equals `size` unless only a part was decoded.
    public private(set) var whole = Size(width: 0, height: 0)

    /// The place of the held pixels in the whole picture.
    public private(set) var window = Region(x: 0, y: 0, width: 0, height: 0)

    /// Pixels of the picture along each side that one held here stands for; `size`, `whole` and `window` count those held.
    public private(set) var shrink = 1

    private var memory: UnsafeMutableRawBufferPointer

    /// Makes an empty picture with room for `capacity` pixels.
    public init(capacity: Int = 0) {
        memory = .allocate(byteCount: capacity * Image.channels + Image.slack, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Makes a picture from interleaved pixels, `[height, width, 3]`.
    public convenience init(size: Size, interleaved pixels: [UInt8]) {
        precondition(pixels.count == size.area * Image.channels, "pixels must be [height, width, 3]")
        self.init(capacity: size.area)
        reshape(to: size)
        for channel in 0..<Image.channels {
            let plane = plane(channel)
            for index in 0..<size.area { plane[index] = pixels[index * Image.channels + channel] }
        }
    }

    deinit { memory.deallocate() }

    /// Sets the extent, growing the memory where needed; the pixels are undefined afterwards.
    public func reshape(to size: Size) {
        reshape(toHold: Region(size), of: size)
    }

    /// Sets the picture to hold `window` of a picture of extent `whole`; the pixels are undefined afterwards.
    public func reshape(toHold window: Region, of whole: Size, shrink: Int = 1) {
        let needed = window.size.area * Image.channels + Image.slack
        if needed > memory.count {
            memory.deallocate()
            memory = .allocate(byteCount: needed, alignment: 64)
            memory.initializeMemory(as: UInt8.self, repeating: 0)
        }
        size = window.size
        self.window = window
        self.shrink = shrink
        self.whole = whole
    }

    /// The first pixel of a channel's plane, row by row, `size.width` bytes a row; valid until the next `reshape`.
    public func plane(_ channel: Int) -> UnsafeMutablePointer<UInt8> {
        // Never nil: the memory holds at least the slack.
        (memory.baseAddress.unsafelyUnwrapped + channel * size.area).assumingMemoryBound(to: UInt8.self)
    }

    /// Copies the pixels, the window included.
    public func copy(from other: Image) {
        reshape(toHold: other.window, of: other.whole, shrink: other.shrink)
        plane(0).update(from: other.plane(0), count: size.area * Image.channels)
    }

    /// The pixels as `[height, width, 3]`.
    public func interleaved() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: size.area * Image.channels) { pixels, count in
            for channel in 0..<Image.channels {
                let plane = plane(channel)
                for index in 0..<size.area { pixels[index * Image.channels + channel] = plane[index] }
            }
            count = size.area * Image.channels
        }
    }
}
