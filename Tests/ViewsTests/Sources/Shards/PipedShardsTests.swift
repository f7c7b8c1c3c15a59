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

    @Test func aSplitRunsThemOnce() throws {
        let root = try folder()
        let argument = "pipe:echo >>'\(root.path)/runs'; cat '\(root.path)/0.tar'"
        let opened = try OpenedImages(argument, options: options)
        let split = try Split(opened, side: nil, fraction: 0.5, seed: 0, by: .byName, options: options)
        #expect(split.train.count + split.test.count == 3 && split.whole?.count == 3)
        #expect(try Data(contentsOf: URL(filePath: root.path + "/runs")).count == 1)
        #expect(try Split(images: argument, by: .byName, options: options).whole?.count == 3)
        #expect(try Data(contentsOf: URL(filePath: root.path + "/runs")).count == 2)
    }

    @Test func commandsAreRunOnlyWhereAllowed() throws {
        let root = try folder()
        let mark = root.path + "/was-run"
        let error = #expect(throws: DataError.self) {
            try Sources.open("pipe:touch '\(mark)'; cat '\(root.path)/0.tar'")
        }
        #expect(error?.reason.contains("only from the command line") == true)
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test func aCommandThatFailsIsNamedWithItsStatus() throws {
        let error = #expect(throws: DataError.self) { try Sources.open("pipe:exit 22", options: options) }
        #expect(error?.path == "exit 22" && error?.reason.contains("status 22") == true)
        let empty = #expect(throws: DataError.self) { try Sources.open("pipe:true", options: options) }
        #expect(empty?.path == "true")
    }

    @Test func whatIsNoArchiveIsNamedByItsCommand() throws {
        let command = "echo '<!DOCTYPE html><html>'"
        let error = #expect(throws: DataError.self) { try Sources.open("pipe:\(command)", options: options) }
        #expect(error?.path == command)
        #expect(error?.reason == "is not a tar archive: it is a web page; no picture was downloaded; get it again")
    }

    @Test(arguments: ["exit {0,0,1}", "exit {0,0,0}"]) func aFailureClosesWhatOthersWrote(end: String) throws {
        // Files of this size that have no name are these commands'.
        let size = end.hasSuffix("1}") ? 7919 : 7907
        #expect(throws: DataError.self) {
            try Sources.open("pipe:head -c \(size) /dev/zero; \(end)", options: options)
        }
        for file in Int32(0)..<4096 {
            var status = stat()
            guard fstat(file, &status) == 0 else { continue }
            #expect(Int(status.st_size) != size || status.st_nlink > 0)
        }
    }

    @Test func moreCommandsThanFilesMayBeOpenAreRefused() throws {
        let root = try TemporaryFolder()
        let error = #expect(throws: DataError.self) {
            try PipedShards.open("pipe:touch '\(root.path)/'{0..99}", options: options, limit: 200)
        }
        #expect(
            error?.reason == "stands for 100 commands; the limit of open files, 200 (ulimit -n), allows 68")
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.path).isEmpty)
    }

    @Test func theLimitOfOpenFilesIsRaisedWhereMoreAreWanted() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var before = rlimit()
        getrlimit(resource, &before)
        var lower = before
        lower.rlim_cur = before.rlim_max - 1
        // Some systems refuse what they say is allowed.
        guard setrlimit(resource, &lower) == 0 else { return }
        defer { setrlimit(resource, &before) }
        let all = Int(clamping: before.rlim_max)
        #expect(Descriptors.allowed() == all - 1)
        #expect(Descriptors.allowed(wanted: all) == all && Descriptors.allowed() == all)
    }

    @Test(arguments: [SIGPIPE, SIGXFSZ]) func signalsThatAreIgnoredHereEndCommands(number: Int32) {
        let before = signal(number, SIG_IGN)
        defer { signal(number, before) }
        let output = open("/dev/null", O_WRONLY)
        defer { close(output) }
        #expect(Shell.run("ulimit -c 0; kill -\(number) $$; exit 3", output: output) == 128 + number)
    }
}
