/// The meaning of a column of a table.
public enum ImageColumn: String, Codable, Sendable, CaseIterable {
    /// The path of the image.
    case path
    /// Its class.
    case label
    /// Its classes, any number of them.
    case labels
    /// A number to predict.
    case value
    /// Its side.
    case split
    /// Its group, which stays on one side of a split, such as a patient, a scene or a video.
    case group
    /// Its caption.
    case caption
    /// Its weight.
    case weight

    /// The usual names of the column, in the form of `plain`; the first that a table has is used unless another is
    /// chosen. They are those of lightly-train, open_clip, Hugging Face's metadata.csv and well-known data sets.
    var names: [String] {
        switch self {
        case .path:
            [
                "image", "imagepath", "imgpath", "filepath", "filename", "file", "path", "imagename", "imgname", "img",
                "imagefile", "imagefilepath", "fname",
            ]
        case .label:
            [
                "label", "class", "cls", "category", "classname", "labelname", "target", "classlabel", "labelid",
                "classid",
            ]
        case .labels: ["labels", "tags", "classes", "categories", "multilabel", "labellist"]
        case .value: ["value", "score", "targetvalue", "regressiontarget"]
        case .split: ["split", "subset", "partition", "phase", "datasetsplit", "fold"]
        case .group:
            [
                "group", "groupid", "patient", "patientid", "subject", "subjectid", "scene", "sceneid", "video",
                "videoid", "caseid",
            ]
        case .caption: ["caption", "text", "title", "sentence", "description"]
        case .weight: ["weight", "sampleweight"]
        }
    }

    /// A name in the form in which names are compared: only lower-case letters and digits, as `filename` for `File
    /// Name` and `file_name`.
    static func plain(_ name: String) -> String {
        let kept = name.utf8.map(lowercase).filter { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte > 0x7F
        }
        return String(decoding: kept, as: UTF8.self)
    }
}

/// A column and its name in a table, as in `label=species`.
public struct NamedColumn: Codable, Equatable, Hashable, Sendable {
    /// The meaning of the column.
    public let column: ImageColumn
    /// Its name in the table.
    public let name: String

    /// Reads `COLUMN=NAME`; nil if the text has another form.
    public init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty, let column = ImageColumn(rawValue: String(parts[0])) else {
            return nil
        }
        (self.column, name) = (column, String(parts[1]))
    }

    /// `COLUMN=NAME`.
    public var text: String { "\(column.rawValue)=\(name)" }
}

/// The columns that the names in a table stand for.
struct TableNames: Sendable {
    /// For each column the index of its name in `names`.
    private(set) var places: [ImageColumn: Int] = [:]
    /// The table's names.
    let names: [String]

    /// Assigns chosen columns first, then the others by their usual names. A name stands for one column.
    /// - Throws: `Missing` if the table lacks a chosen name.
    init(_ names: [String], chosen: [NamedColumn]) throws(Missing) {
        self.names = names
        let plain = names.map(ImageColumn.plain)
        for choice in chosen {
            let exact = names.firstIndex { $0.utf8.elementsEqual(choice.name.utf8) }
            guard let place = exact ?? plain.firstIndex(of: ImageColumn.plain(choice.name)) else {
                throw Missing(name: choice.name)
            }
            places[choice.column] = place
        }
        for column in ImageColumn.allCases where places[column] == nil {
            let taken = Set(places.values)
            places[column] =
                column.names.lazy.compactMap { name in
                    plain.indices.first { plain[$0] == name && !taken.contains($0) }
                }.first
        }
    }

    /// A chosen name that a table lacks.
    struct Missing: Error {
        var name: String
    }

    /// The names that stand for no column.
    var unused: [String] { names.indices.filter { !places.values.contains($0) }.map { names[$0] } }
}
