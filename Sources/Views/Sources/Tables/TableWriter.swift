import Files

/// Writes the fields of a source's images as a table that `ImageTable` can read.
public enum TableWriter {
    /// Columns of a source that are not files of their own elsewhere: all but label and caption where there are no
    /// others.
    static let order: [ImageColumn] = [.path, .label, .labels, .value, .split, .group, .weight, .caption]

    /// A CSV table of the images at the given positions. Unknown fields are empty.
    /// - Parameters:
    ///   - source: the images.
    ///   - indices: the positions of the rows; all if nil.
    ///   - paths: the path of each row.
    public static func text(of source: any Source, indices: [Int]? = nil, paths: [String]) -> String {
        let columns = order.filter { column in
            switch column {
            case .path: true
            case .label: !source.classes.isEmpty && !source.columns.contains(.labels)
            default: source.columns.contains(column)
            }
        }
        var text = columns.map(\.rawValue).joined(separator: ",") + "\n"
        for (row, index) in (indices ?? Array(0..<source.count)).enumerated() {
            let fields = source.fields(index)
            let cells = columns.map { column in
                switch column {
                case .path: paths[row]
                case .label: source.label(index).map { source.classes[$0] } ?? ""
                case .labels: source.labels(index).map { source.classes[$0] }.joined(separator: "|")
                case .value: fields.value.map { "\($0)" } ?? ""
                case .split: fields.side?.word ?? ""
                case .group: fields.group ?? ""
                case .weight: fields.weight.map { "\($0)" } ?? ""
                case .caption: ((try? source.caption(index)) ?? nil) ?? ""
                }
            }
            text += cells.map(quoted).joined(separator: ",") + "\n"
        }
        return text
    }

    /// A field as in RFC 4180, in quotes if necessary.
    public static func quoted(_ field: String) -> String {
        let needs = field.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
        guard needs else { return field }
        // As bytes, because a quote and a following accent are one character.
        return String(decoding: [0x22] + field.utf8.flatMap { $0 == 0x22 ? [$0, $0] : [$0] } + [0x22], as: UTF8.self)
    }
}
