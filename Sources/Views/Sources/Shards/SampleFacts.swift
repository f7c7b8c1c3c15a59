import Files

/// The contents of the .json member of a packed sample: the image's fields, by the names of `ImageColumn`.
struct SampleFacts: Encodable {
    var label: String?
    var labels: [String]?
    var value: Double?
    var split: String?
    var group: String?
    var caption: String?
    var weight: Double?

    /// The fields of an image; nil if there are only a class and a caption, which have their own members.
    init?(_ source: any Source, _ index: Int) {
        guard !source.columns.isDisjoint(with: [.labels, .value, .split, .group, .weight]) else { return nil }
        let fields = source.fields(index)
        if source.columns.contains(.labels) {
            labels = source.labels(index).map { source.classes[$0] }
        } else {
            label = source.label(index).map { source.classes[$0] }
        }
        caption = (try? source.caption(index)) ?? nil
        (value, group, weight) = (fields.value, fields.group, fields.weight)
        split = fields.side?.word
    }

    /// One JSON object with sorted keys.
    var json: [UInt8]? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { Array($0) }
    }
}

extension Side {
    /// The name of the side in other programs: train, test or val.
    public var word: String { self == .validation ? "val" : rawValue }
}
