import Foundation
import Testing

@testable import Files

@Suite("Paths as text and bytes")
struct SystemPathTests {
    /// Names that file systems hold, and how people see them.
    static let names: [([UInt8], String)] = [
        (Array("a/b c".utf8), "a/b c"), (Array("\u{E9}".utf8), "\u{E9}"), ([0x63, 0xE9, 0x2F, 0x61], "c\\xe9/a"),
        ([0xFF, 0xFE], "\\xff\\xfe"), ([0xE2, 0x82], "\\xe2\\x82"), ([0xC0, 0xAF], "\\xc0\\xaf"),
        ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([], ""),
        // A character that stands for a byte is no byte itself.
        (Array("\u{10FEE9}".utf8), "\u{10FEE9}"),
    ]

    @Test(arguments: names) func everyNameHasOneText(name: [UInt8], printable: String) {
        #expect(SystemPath.bytes(SystemPath.text(name)) == name)
        #expect(SystemPath.printable(name) == printable)
        if !name.starts(with: [0xF4]) { #expect(SystemPath.printable(SystemPath.text(name)) == printable) }
    }

    @Test func bytesOfAllValuesComeBack() {
        var state: UInt32 = 7
        for length in 0..<200 {
            let name = (0..<length).map { _ -> UInt8 in
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(state >> 24) | UInt8(state >> 30 == 3 ? 0x80 : 1)
            }
            #expect(SystemPath.bytes(SystemPath.text(name)) == name)
        }
    }

    @Test func controlsAreShown() {
        #expect(SystemPath.printable(Array("a\u{1B}[2J\n".utf8)) == "a\\x1b[2J\\x0a")
        // U+009B means the same as Escape and a bracket; U+00A0 is the first after these.
        #expect(
            SystemPath.printable(Array("a\u{9B}2J\u{A0}\u{80}\u{B0}".utf8)) == "a\\xc2\\x9b2J\u{A0}\\xc2\\x80\u{B0}")
        #expect(
            SystemPath.shown("a\u{9B}2J\tb\n\u{9F}\u{A0}\u{1B}\u{7F}") == "a\\xc2\\x9b2J\tb\n\\xc2\\x9f\u{A0}\\x1b\\x7f"
        )
        #expect(SystemPath.shown("two\nlines, \u{E9}") == "two\nlines, \u{E9}")
        #expect(SystemPath.quoted("a\u{9B}2J") == "\"$(printf 'a\\302\\2332J')\"")
    }

    @Test(arguments: [
        ("a/b", "a", "b"), ("a", "", "a"), ("/a", "/", "a"), ("/", "/", "/"), ("a/\u{301}x", "a", "\u{301}x"),
    ])
    func partsOfPaths(path: String, folder: String, name: String) {
        #expect(SystemPath.folder(of: path) == folder)
        #expect(Array(SystemPath.name(of: path).utf8) == Array(name.utf8))
    }

    @Test func homeIsExpandedAtTheStartAlone() {
        let home = String(cString: getenv("HOME"))
        #expect(SystemPath.expanded("~") == home)
        #expect(SystemPath.expanded("~/x/~") == (home == "/" ? "" : home) + "/x/~")
        let root = getpwnam("root").map { String(cString: $0.pointee.pw_dir) } ?? "~root"
        #expect(SystemPath.expanded("~root/x") == root + "/x")
        for text in ["a/~", "./~", "-", "", "~no-such-user/x", "*"] { #expect(SystemPath.expanded(text) == text) }
    }

    @Test(arguments: [
        "plain-1.0/x_y", "", " ", "it's", "''", "a\"b", "$HOME", "`id`", "a\\b", "*", "{a..b}", "~", "!x", "a;b&c|d>e",
        "#x",
        "a\tb\nc", "\u{1B}[1m", "\u{9B}1m", "caf\u{E9}", "'\u{301}", "%s%%", "a=b",
    ])
    func aShellGivesTheWordBack(word: String) throws { try check(Array(word.utf8)) }

    @Test func aShellGivesBytesBack() throws { try check([0x20, 0xE9, 0x27, 0x5C, 0x25, 0x37, 0x0A, 0x30]) }

    /// Lets `sh` repeat a word.
    private func check(_ bytes: [UInt8]) throws {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "printf %s \(SystemPath.quoted(SystemPath.text(bytes)))"]
        process.standardOutput = pipe
        try process.run()
        let said = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect([UInt8](said) == bytes)
    }

    @Test func argumentsAreNoOptions() {
        #expect(SystemPath.argument("-x y") == "'./-x y'")
        #expect(SystemPath.quoted("runs/a") == "runs/a")
    }
}
