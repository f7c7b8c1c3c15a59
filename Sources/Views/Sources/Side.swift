/// A part of a data set, by what it is for.
public enum Side: String, Codable, Sendable, CaseIterable {
    /// Images to learn from.
    case train
    /// Images to judge by in the end.
    case test
    /// Images to choose by on the way.
    case validation

    /// The words for it, in lower case; of two folders the one whose word comes first is taken.
    var words: [String] {
        switch self {
        case .train: ["train", "training"]
        case .test: ["test", "testing", "eval", "evaluation"]
        case .validation: ["val", "validation", "valid", "dev"]
        }
    }

    /// Words that stand beside in names such as `train_images`, `test2017` or `validation_set`.
    private static let companions: Set<String> = ["set", "image", "images", "img", "imgs", "data", "split", "seg"]

    /// The side that a folder's name means, in any capitals, and how plainly: the place among `words`, later where other
    /// words stand beside.
    static func meant(byFolder name: some Collection<UInt8>) -> (side: Side, rank: Int)? {
        let words = words(in: name)
        let rest = words.filter { !companions.contains($0) }
        guard rest.count == 1, let side = allCases.first(where: { $0.words.contains(rest[0]) }),
            let place = side.words.firstIndex(of: rest[0])
        else { return nil }
        // The name as it is written here comes before other capitals.
        let isPlain = name.elementsEqual(rest[0].utf8)
        return (side, 4 * place + (isPlain ? 0 : words.count == 1 ? 1 : 2))
    }

    /// The side that a file's name means, as in `imagenet-train-000012.tar`; nil where it has words for none, or for two.
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

/// Which of the sides of a folder a command is to take.
public enum SideChoice: String, Codable, Sendable, CaseIterable {
    /// Images to learn from.
    case train
    /// Images to judge by in the end.
    case test
    /// Images to choose by on the way.
    case validation
    /// All of them together.
    case all
    /// There are no sides: folders are classes, whatever they are called.
    case unsplit = "none"

    /// The one side that is chosen; nil where it is all or none.
    public var side: Side? { Side(rawValue: rawValue) }
}
