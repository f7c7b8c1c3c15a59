/// What a column of a table says of an image.
public enum ImageColumn: String, Codable, Sendable, CaseIterable {
    /// Where the image lies.
    case path
    /// Its class.
    case label
    /// Its classes, any number of them.
    case labels
    /// A number to be predicted.
    case value
    /// The side that it is on.
    case split
    /// What must not be cut by a split, as a patient, a scene or a video.
    case group
    /// The text that goes with it.
    case caption
    /// How much it counts.
    case weight

    /// Names that are taken for the column where none is chosen, the first that a table has: those of lightly-train, open_clip,
    /// Hugging Face's metadata.csv and usual data sets, in the form of `plain`.
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

    /// A name as it is compared: small letters and digits alone, as `filename` for `File Name` and `file_name`.
    static func plain(_ name: String) -> String {
        let kept = name.utf8.map(lowercase).filter { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte > 0x7F
        }
        return String(decoding: kept, as: UTF8.self)
    }
}

/// A column by the name that a table gives it, as in `label=species`.
public struct NamedColumn: Codable, Equatable, Hashable, Sendable {
    /// What it says.
    public let column: ImageColumn
    /// What it is called.
    public let name: String

    /// Reads `COLUMN=NAME`; nil where this is none.
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

/// Which of the names in a table mean which columns.
struct TableNames: Sendable {
    /// Of each column the place of its name among `names`.
    private(set) var places: [ImageColumn: Int] = [:]
    /// The table's names.
    let names: [String]

    /// Chosen columns first, then the rest by the names that are known; a name means one column.
    /// - Throws: `Missing` where a chosen name is not there.
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

    /// The names that mean nothing.
    var unused: [String] { names.indices.filter { !places.values.contains($0) }.map { names[$0] } }
}
