import Torch
import Views

/// `h([x, y])` with one MLP over both: Poole et al. 2019, arXiv 1905.06922, section 4.
///
/// All N M pairs go through the network, and each layer needs memory for `N M hidden` values. Only the first layer is
/// computed once for each x and each y.
public struct ConcatenatedCritic: CriticSettings {
    /// `concatenated`.
    public static let name = "concatenated"

    /// Linear layers with ReLU between them; at least 2, because one layer would score x and y separately.
    public var layers = 3
    /// Dimensions of a hidden layer.
    public var hidden = 256

    /// Three layers of 256 dimensions.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("layers", layers, in: 2...10)
        try require("hidden", hidden, in: 1...65_536)
    }

    /// Builds h.
    public func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any Critic {
        try Concatenated(dimensions, settings: self, generator: generator)
    }
}

/// `h([x, y])`.
final class Concatenated: Critic, Module {
    // W [x, y] + b = Wx x + (Wy y + b).
    private let fromX: Linear
    private let fromY: Linear
    private let rest: MLP

    init(_ dimensions: (x: Int, y: Int), settings: ConcatenatedCritic, generator: Generator) throws(TorchError) {
        // One layer over both, so that its weights are drawn as for x and y together.
        let inputs = dimensions.x + dimensions.y
        fromX = try Linear(dimensions.x, settings.hidden, bias: false, fanIn: inputs, generator: generator)
        fromY = try Linear(dimensions.y, settings.hidden, fanIn: inputs, generator: generator)
        var head = MLPHead()
        head.layers = settings.layers - 1
        head.hidden = settings.hidden
        head.output = 1
        head.batchNorm = false
        rest = try MLP(inputs: settings.hidden, settings: head, generator: generator)
    }

    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        let first = try (fromX(x).unsqueeze(1) + fromY(y).unsqueeze(0)).relu()
        return try rest(first, training: true).squeeze(2)
    }
}
