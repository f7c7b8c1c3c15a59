import Testing

@testable import Contrast

@Suite("Markup")
struct MarkupTests {
    @Test(arguments: [
        ("a<b>&\"c\"", "a&lt;b&gt;&amp;&quot;c&quot;"), ("&lt;", "&amp;lt;"),
        ("a\u{1}\u{1F}b\tc\n", "a\u{FFFD}\u{FFFD}b\tc\n"),
        ("\r\n<", "\r\n&lt;"), ("e\u{301}<", "e\u{301}&lt;"),
    ])
    func textMeansItself(text: String, written: String) {
        #expect(Markup.escaped(text) == written)
    }
}
