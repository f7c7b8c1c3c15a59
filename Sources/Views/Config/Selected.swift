/// A member of a family, selected by name, as a file writes it: `name`, or `name: {setting: value}`.
///
/// It is encoded as `{name: {every setting}}`, so that it stays the same if defaults change later.
public struct Selected<Family: ComponentFamily>: Codable, Sendable {
    /// The member with its settings.
    public let component: Family.Member
    private let base: any Component

    /// A selection of this member.
    /// - Precondition: the member is a component, as all members of a registry are.
    public init(_ component: Family.Member) {
        guard let base = component as? any Component else {
            preconditionFailure("\(Family.registry.kind) must be a component")
        }
        self.component = component
        self.base = base
    }

    private init?(_ base: any Component) {
        guard let component = base as? Family.Member else { return nil }
        self.component = component
        self.base = base
    }

    /// The member's name in the file.
    public var name: String { Swift.type(of: base).name }

    /// Throws `InvalidSetting` for a setting of the member; its key starts with the member's name.
    public func validate() throws(InvalidSetting) {
        do {
            try base.validate()
        } catch {
            throw InvalidSetting(error.key.isEmpty ? name : "\(name).\(error.key)", error.reason)
        }
    }

    /// Decodes a name, or a mapping from one name to its settings.
    public init(from decoder: any Decoder) throws {
        let chosen: any Component
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            chosen = try Selected.type(named: name, in: decoder).init()
        } else {
            let container = try decoder.container(keyedBy: NameKey.self)
            guard let key = container.allKeys.first, container.allKeys.count == 1 else {
                let found = container.allKeys.map(\.stringValue).joined(separator: ", ")
                throw Selected.corrupt(
                    "must name \(Family.registry.kind), as in `name` or `name: {setting: value}`"
                        + (found.isEmpty ? "" : "; has the keys \(found)"), in: decoder)
            }
            chosen = try Selected.decode(Selected.type(named: key.stringValue, in: decoder), from: container, key)
        }
        guard let selected = Selected(chosen) else {
            throw Selected.corrupt("must be \(Family.registry.kind)", in: decoder)
        }
        self = selected
    }

    /// Encodes `{name: {setting: value}}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        try container.encode(base, forKey: NameKey(name))
    }

    private static func type(named name: String, in decoder: any Decoder) throws -> any Component.Type {
        do {
            return try Family.registry.type(named: name)
        } catch {
            throw corrupt(error.description, in: decoder)
        }
    }

    private static func decode<Chosen: Component>(
        _ type: Chosen.Type, from container: KeyedDecodingContainer<NameKey>, _ key: NameKey
    ) throws -> any Component {
        try container.decode(type, forKey: key)
    }

    private static func corrupt(_ reason: String, in decoder: any Decoder) -> DecodingError {
        .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: reason))
    }
}

/// A coding key whose name is known only at run time.
struct NameKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
