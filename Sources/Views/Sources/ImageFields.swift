/// The fields of an image besides its classes and its caption.
public struct ImageFields: Codable, Equatable, Sendable {
    /// The number to predict.
    public var value: Double?
    /// The group, which stays on one side of a split.
    public var group: String?
    /// The weight of the image.
    public var weight: Double?
    /// The side that the image belongs to.
    public var side: Side?

    /// Fields without a value.
    public init() {}
}

/// What is predicted from images.
public enum SourceTargets: String, Codable, Sendable {
    /// Nothing is predicted.
    case none
    /// One class per image.
    case classes
    /// Any number of classes per image.
    case labelSets = "label_sets"
    /// One number per image.
    case values
}

extension Source {
    /// What is predicted: label sets or classes if there are any, else numbers.
    public var targets: SourceTargets {
        if columns.contains(.labels) { return .labelSets }
        if !classes.isEmpty { return .classes }
        return columns.contains(.value) ? .values : .none
    }

    /// The group of each image; nil without groups.
    public var groups: [String?]? {
        columns.contains(.group) ? (0..<count).map { fields($0).group } : nil
    }
}
