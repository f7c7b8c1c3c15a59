/// What a source says of an image beside its classes and its text.
public struct ImageFields: Codable, Equatable, Sendable {
    /// A number to be predicted.
    public var value: Double?
    /// What must not be cut by a split.
    public var group: String?
    /// How much it counts.
    public var weight: Double?
    /// The side that it is on.
    public var side: Side?

    /// Nothing.
    public init() {}
}

/// What is to be predicted of images.
public enum SourceTargets: String, Codable, Sendable {
    /// Nothing.
    case none
    /// One class each.
    case classes
    /// Any number of classes each.
    case labelSets = "label_sets"
    /// A number each.
    case values
}

extension Source {
    /// What is to be predicted: sets of labels or classes where there are any, else numbers.
    public var targets: SourceTargets {
        if columns.contains(.labels) { return .labelSets }
        if !classes.isEmpty { return .classes }
        return columns.contains(.value) ? .values : .none
    }

    /// The group of each image; nil where none is named.
    public var groups: [String?]? {
        columns.contains(.group) ? (0..<count).map { fields($0).group } : nil
    }
}
