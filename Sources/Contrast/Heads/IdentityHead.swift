import Torch

/// No head: the loss sees the encoder's features.
public struct IdentityHead: HeadArchitecture {
    /// `none`.
    public static let name = "none"

    /// No settings.
    public init() {}

    /// As many as the encoder's.
    public func dimension(inputs: Int) -> Int { inputs }

    /// Builds the head with random weights.
    public func build(inputs: Int, generator: Generator) throws(TorchError) -> any Head { Identity() }
}

/// The network of `IdentityHead`.
final class Identity: Head {
    func callAsFunction(_ features: Tensor, training: Bool) throws(TorchError) -> Tensor { features }
}
