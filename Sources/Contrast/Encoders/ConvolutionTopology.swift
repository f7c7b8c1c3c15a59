import Torch

/// The convolutions of a network and how they are connected, as data that the network, its folded form and its ONNX
/// form follow. Features are the global average of the last activations.
struct ConvolutionTopology: Sendable {
    /// A convolution, the batch norm that follows it, and the activation; it keeps the size except for its stride.
    struct Layer: Sendable {
        /// Their state keys.
        var convolution: String
        var norm: String
        var inputs: Int
        var outputs: Int
        var kernel: Int
        var stride = 1
        var groups = 1
        /// The activation after the norm, or after the sum if the layer ends a unit with a shortcut.
        var activation = Activation.none

        var padding: Int { kernel / 2 }
    }

    /// What is added to a unit's last norm.
    enum Shortcut: Sendable {
        /// Nothing.
        case none
        /// The unit's input.
        case input
        /// A layer of the unit's input.
        case projection(Layer)
    }

    /// Layers one after another, and a shortcut around them.
    struct Unit: Sendable {
        var layers: [Layer]
        var shortcut = Shortcut.none

        /// All layers in the order of their keys.
        var all: [Layer] {
            guard case .projection(let projection) = shortcut else { return layers }
            return layers + [projection]
        }
    }

    /// The first layer.
    var stem: Layer
    /// Whether a 3x3 max pool of stride 2 follows the stem.
    var pools = false
    var units: [Unit]

    /// The channels of the last layer.
    var dimension: Int { units.last?.layers.last?.outputs ?? stem.outputs }

    /// All layers in the order of their keys.
    var layers: [Layer] { [stem] + units.flatMap(\.all) }

    /// Follows the connections from images to the last activations.
    /// - Parameters:
    ///   - layer: applies a convolution and its norm to x, adds the shortcut if given, then applies the layer's
    ///     activation.
    ///   - pool: applies the max pool.
    func run<Value, Failure: Error>(
        _ images: Value,
        layer apply: (Layer, _ x: Value, _ adding: Value?) throws(Failure) -> Value,
        pool: (Value) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var x = try apply(stem, images, nil)
        if pools { x = try pool(x) }
        for unit in units {
            let input = x
            for layer in unit.layers.dropLast() { x = try apply(layer, x, nil) }
            guard let last = unit.layers.last else { continue }
            switch unit.shortcut {
            case .none: x = try apply(last, x, nil)
            case .input: x = try apply(last, x, input)
            case .projection(let projection): x = try apply(last, x, apply(projection, input, nil))
            }
        }
        return x
    }
}
