import Foundation
import Testing

@testable import Files

@Suite("Atomic files")
struct AtomicFileTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

    @Test func replacesTheWholeFileAndLeavesNothingAside() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/a/b.txt"
        try AtomicFile.write("first and long", to: path)
        try AtomicFile.write("second", to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/a") == ["b.txt"])
    }

    @Test func aFailureKeepsTheOldFile() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/a.txt"
        try AtomicFile.write("old", to: path)
        #expect(throws: FileError(path: path, reason: "stopped")) {
            try AtomicFile.write(to: path) { (file: Int32) throws(FileError) in
                write(file, "new", 3)
                throw FileError(path: path, reason: "stopped")
            }
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.txt"])
    }

    @Test("Names may be as long as the file system takes", arguments: ["x", "é"]) func longNames(letter: String) throws
    {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let name = String(repeating: letter, count: 251 / letter.utf8.count) + ".txt"
        for text in ["first", "second"] { try AtomicFile.write(text, to: "\(folder)/\(name)") }
        try AtomicFile.link("\(folder)/\(name)", as: "\(folder)/b\(name.dropFirst(2))")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(Set(names) == [name, "b\(name.dropFirst(2))"])
        #expect(try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) == "second")
    }

    @Test func aFullDiskIsAnErrorThatNamesTheFile() throws {
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        let log = try AppendingFile("/dev/full")
        #expect(throws: FileError(path: "/dev/full", reason: "cannot be written: No space left on device")) {
            try log.append(Array("line\n".utf8))
        }
    }

    @Test func aFileInTheWayOfAFolderIsAnError() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try AtomicFile.write("in the way", to: "\(folder)/a")
        #expect(throws: FileError.self) { try AtomicFile.write("x", to: "\(folder)/a/b") }
    }
}
