// The whole of Foundation adds 44 MB of Unicode tables to every statically linked program, which Views and its programs
// do not need.
#if canImport(FoundationEssentials)
@_exported import FoundationEssentials
@_exported import Glibc
#else
@_exported import Foundation
#endif

// System calls under names that no method hides.

/// `exit(2)`: ends the process.
package func systemExit(_ status: Int32) -> Never { exit(status) }

/// `read(2)`: the number of bytes read, 0 at the end, -1 on failure.
package func systemRead(_ file: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(file, bytes, count)
}

/// `open(2)`: a descriptor, -1 on failure.
package func systemOpen(_ path: UnsafePointer<CChar>, _ flags: Int32) -> Int32 { open(path, flags) }

/// `free(3)`: frees memory of the heap.
package func systemFree(_ memory: UnsafeMutableRawPointer) { free(memory) }

/// `rename(2)`: gives a file another name; -1 on failure.
package func systemRename(_ old: UnsafePointer<CChar>, _ new: UnsafePointer<CChar>) -> Int32 { rename(old, new) }

/// `link(2)`: gives a file one more name; -1 on failure.
package func systemLink(_ old: UnsafePointer<CChar>, _ new: UnsafePointer<CChar>) -> Int32 { link(old, new) }
