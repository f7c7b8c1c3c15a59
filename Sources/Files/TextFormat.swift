extension Double {
    /// The number with `digits` digits after the point, as C's `printf` writes it.
    package func fixed(_ digits: Int) -> String {
        withVaList([Int32(digits), self]) { list in
            // The largest number has 309 digits before the point.
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 312 + digits) { text in
                _ = vsnprintf(text.baseAddress, text.count, "%.*f", list)
                return text.baseAddress.map { String(cString: $0) } ?? ""
            }
        }
    }
}

extension StringProtocol {
    /// The text with as many spaces after it as `count` characters take.
    package func padded(to count: Int) -> String {
        self + String(repeating: " ", count: Swift.max(count - self.count, 0))
    }
}
