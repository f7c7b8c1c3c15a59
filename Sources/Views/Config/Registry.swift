/// The list of the components of one kind, by name, as in `Registry<any Augmentation>`.
public struct Registry<Member>: Sendable {
    /// The kind in messages, with its article, as in `an augmentation`.
    public let kind: String
    /// The members, in the order in which messages list them.
    public let types: [any Component.Type]

    /// A registry of these types.
    /// - Precondition: every type is a `Member`, and names are unique.
    public init(kind: String, _ types: [any Component.Type]) {
        precondition(types.allSatisfy { $0.init() is Member }, "every type must be \(kind)")
        precondition(Set(types.map { $0.name }).count == types.count, "every name must be used once")
        self.kind = kind
        self.types = types
    }

    /// The names that a file may use.
    public var names: [String] { types.map { $0.name } }

    /// The type with a name.
    public func type(named name: String) throws(UnknownComponent) -> any Component.Type {
        guard let found = types.first(where: { $0.name == name }) else {
            throw UnknownComponent(kind: kind, name: name, valid: names)
        }
        return found
    }
}

/// A name that is not in its registry.
public struct UnknownComponent: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of component, as in `an augmentation`.
    public var kind: String
    /// The name that was given.
    public var name: String
    /// The valid names.
    public var valid: [String]

    /// `colour_jitter is not an augmentation; did you mean color_jitter? valid are ...`.
    public var description: String { "\(name) is not \(kind); \(advice(for: name, among: valid))" }
}

/// A kind of component; a configuration selects its members by name.
public protocol ComponentFamily: Sendable {
    /// The protocol that members share, as in `any Augmentation`.
    associatedtype Member: Sendable

    /// The list of members.
    static var registry: Registry<Member> { get }
}
