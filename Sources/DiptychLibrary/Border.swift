import CDiptych
import Files
import Views

/// Why a call of the C interface fails: a status and a message of one line.
struct BorderError: Error {
    var status: diptych_status
    var message: String

    init(_ status: diptych_status, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The status and message for an error of Views.
    init(_ error: any Error) {
        switch error {
        case let error as BorderError: self = error
        case let error as ConfigurationError: self.init(DIPTYCH_INVALID, "\(error)")
        case let error as InvalidSetting: self.init(DIPTYCH_INVALID, "\(error.key): \(error.reason)")
        case let error as DataError: self.init(DIPTYCH_DATA, "\(error)")
        case let error as DecodeError: self.init(DIPTYCH_DATA, "\(error)")
        case let error as LoaderError: self.init(error.status, "\(error)")
        default: self.init(DIPTYCH_FAILED, "\(error)")
        }
    }

    /// An argument that cannot be used.
    static func invalid(_ message: String) -> BorderError { BorderError(DIPTYCH_INVALID, message) }
}

extension LoaderError {
    fileprivate var status: diptych_status {
        switch self {
        case .invalid: DIPTYCH_INVALID
        case .memory: DIPTYCH_MEMORY
        case .threads: DIPTYCH_FAILED
        case .stopped: DIPTYCH_STOPPED
        case .allHeld: DIPTYCH_ALL_HELD
        case .empty, .badImage, .tooManyBad: DIPTYCH_DATA
        }
    }
}

/// Runs the body of a C function and turns an error into a status and the thread's message.
func border(_ body: () throws -> Void) -> diptych_status {
    streaming {
        try body()
        return DIPTYCH_OK
    }
}

/// The same for a body that returns a status.
func streaming(_ body: () throws -> diptych_status) -> diptych_status {
    do {
        return try body()
    } catch {
        let failure = BorderError(error)
        diptych_set_error(failure.message)
        return failure.status
    }
}

/// The longest string from a caller in bytes, without its NUL.
private let longest = 1 << 20

/// A caller's text; nil for a null pointer.
func text(_ pointer: UnsafePointer<CChar>?, _ what: String) throws -> String? {
    guard let pointer else { return nil }
    let length = strnlen(pointer, longest + 1)
    guard length <= longest else { throw BorderError.invalid("\(what): has more than \(longest) bytes") }
    let bytes = UnsafeRawBufferPointer(start: pointer, count: length)
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw BorderError.invalid("\(what): is not text in UTF-8")
    }
    return text
}

/// A pointer that must not be null.
func required<Pointer>(_ pointer: Pointer?, _ what: String) throws -> Pointer {
    guard let pointer else { throw BorderError.invalid("\(what): is NULL") }
    return pointer
}

/// An index, checked to be in `0..<count`.
func checked(_ index: Int, below count: Int, _ what: String) throws -> Int {
    guard (0..<count).contains(index) else {
        throw BorderError.invalid("\(what): must be below \(count), is \(UInt(bitPattern: index))")
    }
    return index
}

/// Passes an object to a caller, who owns it until it is closed.
func handOut(_ object: some AnyObject) -> OpaquePointer { OpaquePointer(Unmanaged.passRetained(object).toOpaque()) }

/// The object behind a caller's handle.
func object<Object: AnyObject>(_ handle: OpaquePointer?, _ type: Object.Type) throws -> Object {
    Unmanaged<Object>.fromOpaque(UnsafeRawPointer(try required(handle, "the handle"))).takeUnretainedValue()
}

/// Takes ownership of an object from a caller.
func takeBack<Object: AnyObject>(_ handle: OpaquePointer?, _ type: Object.Type) {
    if let handle { Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).release() }
}

/// Copies a text to a caller's memory, truncated to its capacity, with a NUL; `length` gets the full length.
func copy(
    _ text: String, to target: UnsafeMutablePointer<CChar>?, capacity: Int, length: UnsafeMutablePointer<Int>?
) throws {
    let bytes = Array(text.utf8)
    length?.pointee = bytes.count
    guard capacity > 0 else { return }
    let target = try required(target, "the text's memory")
    let count = min(bytes.count, capacity - 1)
    for index in 0..<count { target[index] = CChar(bitPattern: bytes[index]) }
    target[count] = 0
}

/// A C string that lives as long as its owner.
final class CString {
    let pointer: UnsafeMutablePointer<CChar>

    init(_ text: String) {
        let bytes = text.utf8CString
        pointer = .allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { pointer[index] = byte }
    }

    deinit { pointer.deallocate() }
}

/// `diptych_abi_version` of diptych.h.
@_cdecl("diptych_abi_version") public func abiVersion() -> Int32 { DIPTYCH_ABI_VERSION }

private let productVersion: StaticString = "0.1.0"

/// `diptych_version` of diptych.h.
@_cdecl("diptych_version") public func version() -> UnsafePointer<CChar> {
    UnsafeRawPointer(productVersion.utf8Start).assumingMemoryBound(to: CChar.self)
}
