import Foundation
import Testing

@testable import Files

@Suite("Folders and files by any name")
struct FolderTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

    init() throws { try Folder.create(at: folder) }

    @Test func namesOfAnyBytes() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let name = SystemPath.text([0x63, 0xE9])
        let path = "\(folder)/\(name)/\(name).npy"
        try Npy.write([1, 2.5], shape: [2], to: path)
        #expect(Folder.names(in: "\(folder)/\(name)") == ["\(name).npy"])
        #expect(try NpyArray(contentsOf: path).elements == .floats([1, 2.5]))
        try AtomicFile.link(path, as: "\(path)2")
        #expect(StoredFile.exists("\(path)2") && !StoredFile.exists("\(folder)/c\u{E9}"))
        try AppendingFile("\(folder)/\(name)/log").append(Array("a\n".utf8))
        #expect(try StoredFile.read("\(folder)/\(name)/log") == Data("a\n".utf8))
        for name in Folder.names(in: "\(folder)/\(name)") {
            StoredFile.remove("\(folder)/\(SystemPath.text([0x63, 0xE9]))/\(name)")
        }
        _ = SystemPath.with("\(folder)/\(name)") { rmdir($0) }
        #expect(Folder.names(in: folder).isEmpty)
    }

    @Test func aCheckLeavesNothing() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for path in ["\(folder)/a/b", "\(folder)/a//b/", folder] { try Folder.check(path) }
        try AtomicFile.check("\(folder)/c/d.json")
        #expect(Folder.names(in: folder).isEmpty)
        try AtomicFile.write("x", to: "\(folder)/file")
        let reason = "is there already, and is no folder; choose another path"
        #expect(throws: FileError(path: "\(folder)/file", reason: reason)) { try Folder.check("\(folder)/file") }
        #expect(throws: FileError(path: "\(folder)/file", reason: reason)) { try Folder.check("\(folder)/file/a/b") }
        #expect(throws: FileError.self) { try AtomicFile.check("\(folder)/file/x") }
        #expect(throws: FileError(path: folder, reason: "is a folder; name a file")) { try AtomicFile.check(folder) }
        #expect(throws: FileError(path: folder, reason: "is a folder; name a file")) {
            try AtomicFile.write("x", to: folder)
        }
        #expect(throws: FileError.self) { try AtomicFile.check("\(folder)/new/") }
        try AtomicFile.check("\(folder)/file")
        #expect(try StoredFile.read("\(folder)/file") == Data("x".utf8))
        guard StoredFile.exists("/proc/self") else { return }
        #expect(throws: FileError.self) { try Folder.check("/proc/no/such") }
    }

    @Test func aLinkStaysAndDevicesAreWrittenTo() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try AtomicFile.write("old", to: "\(folder)/real")
        symlink("\(folder)/real", "\(folder)/link")
        try AtomicFile.write("new", to: "\(folder)/link")
        #expect(try StoredFile.read("\(folder)/real") == Data("new".utf8))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/link") == "\(folder)/real")
        #expect(Folder.names(in: folder).sorted() == ["link", "real"])
        try AtomicFile.write("x", to: "/dev/null")
        var status = stat()
        stat("/dev/null", &status)
        #expect(status.st_mode & S_IFMT == S_IFCHR)
        guard StoredFile.exists("/dev/full") else { return }
        #expect(throws: FileError(path: "/dev/full", reason: "cannot be written: No space left on device")) {
            try AtomicFile.write("x", to: "/dev/full")
        }
    }

    @Test func aWriterThatIsKilledLeavesNothing() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try AtomicFile.write(to: "\(folder)/a") { (file: Int32) throws(FileError) in
            _ = write(file, "half", 4)
            // What a kill here would leave: nothing, where the file system knows files without names.
            #if os(Linux)
            #expect(Folder.names(in: folder).allSatisfy { $0.hasSuffix(".tmp") })
            #endif
        }
        #expect(Folder.names(in: folder) == ["a"])
    }

    @Test("A pipe that does not block is waited for") func nonBlocking() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        let (input, output) = (ends[0], ends[1])
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        Thread.detachNewThread {
            _ = bytes.withUnsafeBytes { writeAll($0, to: output) }
            close(output)
        }
        // Late, so that the pipe is full by then.
        usleep(50_000)
        var read: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 10_000)
        while case let count = Foundation.read(input, &buffer, buffer.count), count > 0 { read += buffer[..<count] }
        close(input)
        #expect(read == bytes)
    }
}
