/// The memory in which a worker makes one view after another: a borrowed source, two pictures of its own, and scratch.
///
/// A view starts from a decoded picture that other views need too. A step that changes the size reads the current
/// picture and writes the spare one. A step that works in place first gets a copy of the source. Nothing is allocated
/// after the largest view.
public final class Canvas {
    private var current: Image
    private var owned: Image
    private var spare: Image
    private var scratch: UnsafeMutableRawBufferPointer

    /// A canvas with room for pictures of `capacity` pixels.
    public init(capacity: Int = 0) {
        owned = Image(capacity: capacity)
        spare = Image(capacity: capacity)
        current = owned
        scratch = .allocate(byteCount: 4096, alignment: 64)
    }

    deinit { scratch.deallocate() }

    /// The size that the next step sees: that of the whole picture, even if only a window of it was decoded.
    public var size: Size { current.whole }

    /// The current picture; it must not be written to.
    public var picture: Image { current }

    /// Starts a view from a picture, which is never written to.
    public func load(_ source: Image) {
        current = source
    }

    /// Runs a step that changes the current picture in place.
    public func mutate(_ step: (Image) -> Void) {
        if current !== owned {
            owned.copy(from: current)
            current = owned
        }
        step(owned)
    }

    /// Runs a step that reads the current picture and fills another of size `size`, which then becomes current.
    public func replace(size: Size, _ step: (_ source: Image, _ target: Image) -> Void) {
        spare.reshape(to: size)
        step(current, spare)
        swap(&owned, &spare)
        current = owned
    }

    /// Lends at least `count` bytes, aligned to 64, with undefined contents. Calls must not be nested.
    public func withScratch<Result>(bytes count: Int, _ body: (UnsafeMutableRawPointer) -> Result) -> Result {
        if scratch.count < count {
            scratch.deallocate()
            scratch = .allocate(byteCount: count, alignment: 64)
        }
        return body(scratch.baseAddress.unsafelyUnwrapped)
    }
}
