/// An RGB picture with 8 bits a channel, or a decoded part of one: three planes (CHW), rows without padding.
///
/// Pixels are in planes because this is torchvision's layout, because every kernel after the decoder works on one
/// channel at a time, and because a plane fills a vector register without shuffles. The memory only grows, so a
/// worker's picture stops allocating after its largest file. It is not shared between threads.
public final class Image {
    /// The number of channels: red, green and blue.
    public static let channels = 3

    /// Bytes after the last plane that kernels may read, but not write, because their vectors overrun the end.
    public static let slack = 64

    /// The size of the pixels that are held.
    public private(set) var size = Size(width: 0, height: 0)

    /// The size of the whole picture; equals `size` unless only a part was decoded.
    public private(set) var whole = Size(width: 0, height: 0)

    /// The region of the held pixels in the whole picture.
    public private(set) var window = Region(x: 0, y: 0, width: 0, height: 0)

    /// The factor by which each side was decoded smaller; `size`, `whole` and `window` count the smaller pixels.
    public private(set) var shrink = 1

    private var memory: UnsafeMutableRawBufferPointer

    /// An empty picture with room for `capacity` pixels.
    public init(capacity: Int = 0) {
        memory = .allocate(byteCount: capacity * Image.channels + Image.slack, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// A picture from interleaved pixels, `[height, width, 3]`.
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

    /// Sets the size and grows the memory if needed; the pixels are undefined afterwards.
    public func reshape(to size: Size) {
        reshape(toHold: Region(size), of: size)
    }

    /// Prepares the picture to hold `window` of a picture of size `whole`; the pixels are undefined afterwards.
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
        // Not nil: the memory holds at least the slack.
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
