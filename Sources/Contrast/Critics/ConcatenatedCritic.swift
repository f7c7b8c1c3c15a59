import Torch
import Views

/// `h([x, y])` with one learnt network over both: Poole et al. 2019, arXiv 1905.06922, section 4.
///
/// All N M pairs go through the network, so it costs `N M hidden` numbers of memory for each layer; the first layer alone is
/// computed once for each x and each y.
public struct ConcatenatedCritic: Critic {
    /// `concatenated`.
    public static let name = "concatenated"

    /// Linear layers, ReLU between them; at least 2, since one would score x and y apart.
    public var layers = 3
    /// Numbers of a hidden layer.
    public var hidden = 256

    /// Three layers over 256 numbers.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("layers", layers, in: 2...10)
        try require("hidden", hidden, in: 1...65_536)
    }

    /// Builds h.
    public func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any ScoreFunction {
        try Concatenated(dimensions, settings: self, generator: generator)
    }
}

/// The critic of `ConcatenatedCritic`.
final class Concatenated: ScoreFunction, Module {
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
