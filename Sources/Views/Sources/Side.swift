/// A part of a data set.
public enum Side: String, Codable, Sendable, CaseIterable {
    /// Training images.
    case train
    /// Images for the final score.
    case test
    /// Images for scores during training and for choosing settings.
    case validation

    /// The words for the side, in lower case. If two folders match, the one whose word comes first is used.
    var words: [String] {
        switch self {
        case .train: ["train", "training"]
        case .test: ["test", "testing", "eval", "evaluation"]
        case .validation: ["val", "validation", "valid", "dev"]
        }
    }

    /// Words that may accompany these, as in `train_images`, `test2017` or `validation_set`.
    private static let companions: Set<String> = ["set", "image", "images", "img", "imgs", "data", "split", "seg"]

    /// The side that a folder's name stands for, in upper or lower case, and its rank: the index in `words`, higher if
    /// the name has other words too.
    static func meant(byFolder name: some Collection<UInt8>) -> (side: Side, rank: Int)? {
        let words = words(in: name)
        let rest = words.filter { !companions.contains($0) }
        guard rest.count == 1, let side = allCases.first(where: { $0.words.contains(rest[0]) }),
            let place = side.words.firstIndex(of: rest[0])
        else { return nil }
        // The exact spelling comes before other capitals.
        let isPlain = name.elementsEqual(rest[0].utf8)
        return (side, 4 * place + (isPlain ? 0 : words.count == 1 ? 1 : 2))
    }

    /// The side that a file's name stands for, as in `imagenet-train-000012.tar`; nil if it has words for no side or
    /// for two.
    static func meant(byFile name: some Collection<UInt8>) -> Side? {
        let sides = Set(words(in: name).compactMap { word in allCases.first { $0.words.contains(word) } })
        return sides.count == 1 ? sides.first : nil
    }

    /// The runs of letters in a name, in lower case.
    private static func words(in name: some Collection<UInt8>) -> [String] {
        name.map(lowercase).split { !(0x61...0x7A).contains($0) && $0 < 0x80 }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The side of a folder that a command uses.
public enum SideChoice: String, Codable, Sendable, CaseIterable {
    /// Training images.
    case train
    /// Images for the final score.
    case test
    /// Images for scores during training and for choosing settings.
    case validation
    /// All sides together.
    case all
    /// No sides: all folders are classes, whatever their names.
    case unsplit = "none"

    /// The chosen side; nil for all or none.
    public var side: Side? { Side(rawValue: rawValue) }
}
