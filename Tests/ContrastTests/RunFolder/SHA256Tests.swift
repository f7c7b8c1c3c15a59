import Testing

@testable import Contrast

@Suite("SHA-256")
struct SHA256Tests {
    // FIPS 180-4's examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]) func examples(text: String, digest: String) {
        let bytes = Array(text.utf8)
        #expect(SHA256.hexadecimal(bytes) == digest)
        for cut in [0, bytes.count / 3, bytes.count] {
            var parts = SHA256()
            parts.update(bytes[..<cut])
            _ = parts.hexadecimal()
            parts.update(bytes[cut...])
            #expect(parts.hexadecimal() == digest, "cut after \(cut) bytes")
        }
    }
}
