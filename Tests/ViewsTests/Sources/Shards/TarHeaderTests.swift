import Foundation
import Testing

@testable import Views

@Suite("Tar headers")
struct TarHeaderTests {
    private func number(_ bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { TarHeader.number($0[...]) }
    }

    @Test(arguments: [
        ("00000000144", 100), ("  144 ", 100), ("144\u{0}\u{0}", 100), ("\u{0}\u{0}", 0), ("    ", 0),
        ("77777777777", 8_589_934_591),
    ])
    func octalNumbersAreRead(_ text: String, _ value: Int) {
        #expect(number(Array(text.utf8)) == value)
    }

    @Test(arguments: ["8", "12a", "-1", "1 2", "0x10", "7777777777777777777777"])
    func othersAreNot(_ text: String) {
        #expect(number(Array(text.utf8)) == nil)
    }

    @Test func base256IsReadUnlessNegativeOrHuge() {
        #expect(number([0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 5]) == 8_589_934_597)
        #expect(number([0x80] + [UInt8](repeating: 0, count: 3) + [0x7F] + [UInt8](repeating: 0xFF, count: 7)) == nil)
        #expect(number([0x80] + [UInt8](repeating: 0, count: 4) + [0x3F] + [UInt8](repeating: 0xFF, count: 6)) != nil)
        #expect(number([UInt8](repeating: 0xFF, count: 12)) == nil)
        #expect(number([0xBF] + [UInt8](repeating: 0xFF, count: 11)) == nil)
    }

    private func header(_ tar: TarBuilder) throws -> TarHeader? {
        try tar.bytes.withUnsafeBytes { bytes in
            try TarHeader(UnsafeRawBufferPointer(rebasing: bytes[..<512]))
        }
    }

    @Test func prefixesComeBeforeNamesInPosixArchivesOnly() throws {
        var tar = TarBuilder()
        tar.add(Array("b.jpg".utf8), prefix: Array("a".utf8))
        #expect(try header(tar)?.name == Array("a/b.jpg".utf8))
        var gnu = TarBuilder()
        gnu.add(Array("b.jpg".utf8), prefix: Array("a".utf8), magic: "ustar  ")
        #expect(try header(gnu)?.name == Array("b.jpg".utf8))
    }

    @Test func checksumsMustHold() throws {
        var tar = TarBuilder()
        tar.add(Array("a.jpg".utf8), checksum: Array("000001".utf8))
        #expect(throws: TarHeader.Damage.self) { try header(tar) }
        // Old archives summed signed bytes.
        var signed = TarBuilder()
        signed.add([0xE9], magic: "")
        let sum = signed.bytes[0..<512].enumerated().reduce(0) { sum, item in
            sum + ((148..<156).contains(item.offset) ? 0x20 : Int(Int8(bitPattern: item.element)))
        }
        var old = TarBuilder()
        old.add([0xE9], checksum: Array(String(format: "%06o", sum).utf8), magic: "")
        #expect(try header(old)?.name == [0xE9])
        #expect(try [UInt8](repeating: 0, count: 512).withUnsafeBytes { try TarHeader($0) } == nil)
    }

    @Test(arguments: [
        ("12 path=a/b\n", true), ("11 path=a/b\n", false), ("13 path=a/b\n", false), ("path=a\n", false),
        ("999999999999 path=a\n", false), ("-5 path=a\n", false), ("10 size=12\n", false), ("11 size=12\n", true),
        ("12 size=-12\n", false), ("30 size=9999999999999999999999\n", false), ("0 \n", false), ("3 \n", false),
    ])
    func recordsMustFitTheirLengths(_ text: String, _ isValid: Bool) {
        let read = Array(text.utf8).withUnsafeBytes { PaxRecords($0) }
        #expect((read != nil) == isValid)
    }
}
