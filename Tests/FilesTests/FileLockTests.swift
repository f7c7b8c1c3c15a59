import Foundation
import Testing

@testable import Files

@Suite("Locks and names")
struct FileLockTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

    init() throws { try Folder.create(at: folder) }

    @Test func oneAtATime() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/.lock"
        do {
            #expect(!FileLock.isHeld(path))
            let first = try FileLock(path, of: "run")
            #expect(FileLock.isHeld(path))
            let error = #expect(throws: FileError.self) { try FileLock(path, of: "run") }
            #expect(error?.path == "run")
            #expect(error?.reason.contains("process \(getpid()) on ") == true)
            withExtendedLifetime(first) {}
        }
        #expect(!FileLock.isHeld(path))
        _ = try FileLock(path, of: "run")
        #expect(throws: FileError.self) { try FileLock("\(folder)/none/.lock", of: "run") }
    }

    /// A descriptor that is closed twice belongs to another thread the second time, now and then.
    @Test func whoIsRefusedClosesOnce() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let folder = folder
        let lock = try FileLock("\(folder)/.lock", of: "run")
        let failures = await withTaskGroup(of: Int.self) { group in
            group.addTask {
                for _ in 0..<4000 { _ = try? FileLock("\(folder)/.lock", of: "run") }
                return 0
            }
            group.addTask {
                (0..<4000).count { _ in
                    let file = open("/dev/null", O_WRONLY | O_CLOEXEC)
                    let isWritten = write(file, "x", 1) == 1
                    return close(file) != 0 || !isWritten
                }
            }
            return await group.reduce(0, +)
        }
        #expect(failures == 0)
        withExtendedLifetime(lock) {}
    }

    @Test func aSecondNameKeepsItsBytes() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func read(_ name: String) throws -> String { try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }
        try AtomicFile.write("one", to: "\(folder)/a")
        for _ in 0..<2 { try AtomicFile.link("\(folder)/a", as: "\(folder)/b") }
        try AtomicFile.write("two", to: "\(folder)/a")
        #expect(try read("b") == "one")
        try AtomicFile.link("\(folder)/a", as: "\(folder)/b")
        #expect(try read("b") == "two")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "b"])
        #expect(throws: FileError.self) { try AtomicFile.link("\(folder)/none", as: "\(folder)/b") }
        #expect(try read("b") == "two")
    }

    @Test func sweepsWhatTheDeadLeft() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // Init runs as long as anything does.
        for name in ["a.1.tmp", "a.\(getpid()).tmp", "a.999999999.tmp", "a.tmp", "1.tmp", "a.x.tmp", "a"] {
            try AtomicFile.write("x", to: "\(folder)/\(name)")
        }
        AtomicFile.sweep(folder)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                == ["1.tmp", "a", "a.1.tmp", "a.tmp", "a.x.tmp"])
    }
}
