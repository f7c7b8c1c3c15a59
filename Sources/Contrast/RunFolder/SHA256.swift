#if canImport(CryptoKit)
import CryptoKit
#else
import COpenSSL
#endif
import Foundation

/// A SHA-256 digest of bytes that arrive in parts.
struct SHA256 {
    #if canImport(CryptoKit)
    private var state = CryptoKit.SHA256()
    #else
    private var state = SHA256_CTX()
    #endif

    /// A digest of no bytes.
    init() {
        #if !canImport(CryptoKit)
        SHA256_Init(&state)
        #endif
    }

    /// The digest of all bytes, in hexadecimal.
    static func hexadecimal(_ bytes: some ContiguousBytes) -> String {
        var digest = SHA256()
        digest.update(bytes)
        return digest.hexadecimal()
    }

    /// Adds bytes.
    mutating func update(_ bytes: some ContiguousBytes) {
        bytes.withUnsafeBytes { memory in
            #if canImport(CryptoKit)
            state.update(bufferPointer: memory)
            #else
            SHA256_Update(&state, memory.baseAddress, memory.count)
            #endif
        }
    }

    /// The digest of the bytes so far, 64 digits.
    func hexadecimal() -> String {
        #if canImport(CryptoKit)
        let digest = Array(state.finalize())
        #else
        var state = state
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256_Final(&digest, &state)
        #endif
        return digest.map { String(format: "%02x", $0) }.joined()
    }
}
