/// The memory in which one worker makes one view after another: a borrowed source, two own pictures, and scratch bytes.
///
/// A view starts from a decoded picture that other views need too. Steps that change the extent read the current picture
/// and write the spare one; steps that work in place get a copy of the source first, once. Nothing is allocated after
/// the largest view has been seen.
public final class Canvas {
    private var current: Image
    private var owned: Image
    private var spare: Image
    private var scratch: UnsafeMutableRawBufferPointer

    /// Makes a canvas with room for pictures of `capacity` pixels.
    public init(capacity: Int = 0) {
        owned = Image(capacity: capacity)
        spare = Image(capacity: capacity)
        current = owned
        scratch = .allocate(byteCount: 4096, alignment: 64)
    }

    deinit { scratch.deallocate() }

    /// The extent that the next step sees: the whole picture's, even where only a window of it was decoded.
    public var size: Size { current.whole }

    /// The current picture, to be read only.
    public var picture: Image { current }

    /// Starts a view from a picture, which is never written to.
    public func load(_ source: Image) {
        current = source
    }

    /// Runs a step in place on a picture that this canvas owns.
    public func mutate(_ step: (Image) -> Void) {
        if current !== owned {
            owned.copy(from: current)
            current = owned
        }
        step(owned)
    }

    /// Runs a step that reads the current picture and fills another of extent `size`, which then becomes current.
    public func replace(size: Size, _ step: (_ source: Image, _ target: Image) -> Void) {
        spare.reshape(to: size)
        step(current, spare)
        swap(&owned, &spare)
        current = owned
    }

    /// Lends at least `count` bytes, aligned to 64, contents undefined; not to be nested.
    public func withScratch<Result>(bytes count: Int, _ body: (UnsafeMutableRawPointer) -> Result) -> Result {
        if scratch.count < count {
            scratch.deallocate()
            scratch = .allocate(byteCount: count, alignment: 64)
        }
        return body(scratch.baseAddress.unsafelyUnwrapped)
    }
}
