import Foundation
import Testing

@testable import Views

@Suite("Shards that commands write")
struct PipedShardsTests {
    private func folder() throws -> TemporaryFolder {
        let root = try TemporaryFolder()
        for shard in 0..<2 {
            var tar = TarBuilder()
            for index in 0..<3 {
                let picture = Pictures.picture(shard * 3 + index)
                tar.add(Array("\(shard)\(index).png".utf8), Array(try Pictures.png(picture)))
                tar.add("\(shard)\(index).cls", "\(index)")
            }
            try root.write(["\(shard).tar"], tar.ended)
        }
        return root
    }

    private var options: SourceOptions {
        var options = SourceOptions()
        options.allowsCommands = true
        return options
    }

    @Test func theyAreReadAsFilesAre() throws {
        let root = try folder()
        let piped = try Sources.open("pipe:cat '\(root.path)/'{0..1}.tar", options: options)
        let plain = try Sources.open("\(root.path)/{0..1}.tar")
        #expect(piped.count == 6 && piped.classes == plain.classes)
        let (one, other) = (FileBuffer(), FileBuffer())
        for index in [5, 0, 3] {
            try piped.read(index, into: one)
            try plain.read(index, into: other)
            #expect(Array(one.bytes) == Array(other.bytes) && piped.label(index) == plain.label(index))
        }
        // Names are the commands', which lead to the shard again.
        #expect(piped.name(4).contains("1.tar"))
        let opened = try OpenedImages("pipe:cat '\(root.path)/0.tar'", options: options)
        #expect(opened.source.count == 3)
    }

    @Test func commandsAreRunOnlyWhereAllowed() throws {
        let root = try folder()
        let mark = root.path + "/was-run"
        let error = #expect(throws: DataError.self) {
            try Sources.open("pipe:touch '\(mark)'; cat '\(root.path)/0.tar'")
        }
        #expect(error?.reason.contains("command line alone") == true)
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test func aCommandThatFailsIsNamedWithItsStatus() throws {
        let error = #expect(throws: DataError.self) { try Sources.open("pipe:exit 22", options: options) }
        #expect(error?.path == "exit 22" && error?.reason.contains("status 22") == true)
        let empty = #expect(throws: DataError.self) { try Sources.open("pipe:true", options: options) }
        #expect(empty?.path == "true")
    }
}
