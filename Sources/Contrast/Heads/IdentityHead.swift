import Torch

/// No head: the loss sees the encoder's features.
public struct IdentityHead: HeadSettings {
    /// `none`.
    public static let name = "none"

    /// No settings.
    public init() {}

    /// That of the features.
    public var outputDimension: Int? { nil }

    /// Builds the identity.
    public func build(inputs: Int, generator: Generator) throws(TorchError) -> any Head { Identity() }
}

/// The network of `IdentityHead`.
final class Identity: Head {
    func callAsFunction(_ features: Tensor, training: Bool) throws(TorchError) -> Tensor { features }
}
