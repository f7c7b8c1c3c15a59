extension Split {
    /// How the two parts were made: the rule and its seed.
    public var words: String {
        func percent(_ fraction: Double) -> String { "\(Int((fraction * 100).rounded()))%" }
        return switch origin {
        case .folders(let train, let test): "\(train)/ and \(test)/"
        case .column(let train, let test): "rows of \(train.rawValue) and rows of \(test.rawValue)"
        case .stratified(let seed, let fraction): "\(percent(fraction)) of each class, seed \(seed)"
        case .grouped(let seed, let fraction, let groups):
            "\(percent(fraction)) of each class, no group of \(grouped(groups)) cut, seed \(seed)"
        case .hashed(let seed, let fraction): "\(percent(fraction)) by hashes of the names, seed \(seed)"
        }
    }
}
