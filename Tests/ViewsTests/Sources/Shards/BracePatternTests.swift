import Testing

@testable import Views

@Suite("Brace patterns")
struct BracePatternTests {
    /// What Python's braceexpand 0.1.7 gives, which refuses the brace that is never closed.
    @Test(arguments: [
        ("a-{000..002}.tar", ["a-000.tar", "a-001.tar", "a-002.tar"]),
        ("{8..11}", ["8", "9", "10", "11"]),
        ("{08..11}", ["08", "09", "10", "11"]),
        ("{2..0}", ["2", "1", "0"]),
        ("{a,b}-{1..2}", ["a-1", "a-2", "b-1", "b-2"]),
        ("x{a,,b}", ["xa", "x", "xb"]),
        ("plain.tar", ["plain.tar"]),
        ("{a}.tar", ["{a}.tar"]),
        ("open{1..2", ["open{1..2"]),
        ("{}x{1..1}", ["{}x1"]),
        ("{1...3}", ["{1...3}"]),
    ])
    func expand(_ pattern: String, _ names: [String]) throws {
        #expect(try BracePattern.expand(pattern) == names)
    }

    @Test(arguments: ["{0..9999999}", "{0..999}{0..999}{0..9}", "{000000000..999999999}"])
    func tooManyNamesAreAnErrorOrNoPattern(_ pattern: String) {
        let names = try? BracePattern.expand(pattern)
        #expect(names == nil || names == [pattern])
    }
}
