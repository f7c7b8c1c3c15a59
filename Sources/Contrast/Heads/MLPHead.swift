import Torch
import Views

/// SimCLR's projection head: linear layers with batch norm and ReLU between them (Chen et al. 2020, section 2.1).
public struct MLPHead: HeadSettings {
    /// `mlp`.
    public static let name = "mlp"

    /// The number of linear layers.
    public var layers = 2
    /// The dimension of a hidden layer; that of the features if it is not set.
    public var hidden: Int?
    /// The dimension of an embedding.
    public var output = 128
    /// Whether batch norm follows each layer but the last.
    public var batchNorm = true
    /// Whether batch norm without scale and shift follows the last layer.
    public var outputNorm = false

    /// What follows each layer but the last, after its norm.
    public var activation = Activation.relu

    /// A nonlinearity.
    public enum Activation: String, Codable, Sendable {
        /// `max(x, 0)`.
        case relu
        /// `x Phi(x)`: Hendrycks & Gimpel 2016, arXiv 1606.08415.
        case gelu
    }

    /// Two layers to 128 dimensions with batch norm between.
    public init() {}

    /// Sets layers and dimensions, with batch norm between layers.
    public init(layers: Int, hidden: Int?, output: Int, outputNorm: Bool = false) {
        (self.layers, self.hidden, self.output, self.outputNorm) = (layers, hidden, output, outputNorm)
    }

    /// Checks that layers and dimensions are positive.
    public func validate() throws(InvalidSetting) {
        try require("layers", layers, in: 1...10)
        if let hidden { try require("hidden", hidden, in: 1...65_536) }
        try require("output", output, in: 1...65_536)
    }

    /// `output`.
    public var outputDimension: Int? { output }

    /// Builds the MLP.
    public func build(inputs: Int, generator: Generator) throws(TorchError) -> any Head {
        try MLP(inputs: inputs, settings: self, generator: generator)
    }
}

/// The network of `MLPHead`.
final class MLP: Head {
    let linears: ModuleList<Linear>
    let norms: ModuleList<BatchNorm>
    let outputNorm: BatchNorm?
    private let activation: MLPHead.Activation

    init(inputs: Int, settings: MLPHead, generator: Generator) throws(TorchError) {
        var linears: [Linear] = []
        var norms: [BatchNorm] = []
        var width = inputs
        for layer in 0..<settings.layers {
            let next = layer == settings.layers - 1 ? settings.output : settings.hidden ?? inputs
            linears.append(try Linear(width, next, generator: generator))
            if settings.batchNorm, layer < settings.layers - 1 { norms.append(try BatchNorm(next)) }
            width = next
        }
        activation = settings.activation
        outputNorm = settings.outputNorm ? try BatchNorm(width) : nil
        // Scale and shift stay 1 and 0.
        try outputNorm?.freeze()
        self.linears = ModuleList(linears)
        self.norms = ModuleList(norms)
    }

    func callAsFunction(_ features: Tensor, training: Bool) throws(TorchError) -> Tensor {
        var x = features
        for (layer, linear) in linears.modules.enumerated() {
            x = try linear(x)
            guard layer < linears.modules.count - 1 else { break }
            let relu = activation == .relu
            if norms.modules.isEmpty {
                if relu { x = try x.reluInPlace() }
            } else {
                x = try norms.modules[layer](x, training: training, then: relu ? .relu : .none)
            }
            if activation == .gelu { x = try x.gelu() }
        }
        return try outputNorm?(x, training: training) ?? x
    }
}
