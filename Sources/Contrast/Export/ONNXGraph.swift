import Foundation
import Torch

/// An encoder that can be exported to ONNX; weights have the keys of its state dict.
protocol ONNXExportable: Encoder {
    /// Adds the network's nodes and returns the name of the features `[N, dimension]`.
    /// - Parameter images: the name of the images `[N, 3, H, W]`.
    func addNodes(to graph: inout ONNXGraph, images: String) throws(TorchError) -> String
}

/// A builder of ONNX graphs.
struct ONNXGraph {
    /// The opset: 17 is the first with LayerNormalization, and ONNX Runtime reads it from 1.12 on.
    static let operators = 17

    /// An attribute of a node.
    enum Attribute {
        case int(Int)
        case ints([Int])
        case float(Double)
    }

    private(set) var nodes: [ONNXProtoNode] = []
    private(set) var initializers: [ONNXProtoTensor] = []

    /// Adds the state dict as constants, except counters, which inference does not need.
    init(_ state: [String: Tensor]) throws(TorchError) {
        for (key, value) in state.sorted(by: { $0.key < $1.key }) where !key.hasSuffix("num_batches_tracked") {
            let values: [Float] = try value.detach().to(device: .cpu).to(.float32).toArray()
            initializers.append(ONNXGraph.tensor(key, value.shape, 1, values.withUnsafeBytes { Data($0) }))
        }
    }

    /// Adds integers as a constant, such as a shape; returns its name.
    mutating func constant(_ values: [Int]) -> String {
        let name = "constant_\(initializers.count)"
        let data = values.map(Int64.init).withUnsafeBytes { Data($0) }
        initializers.append(ONNXGraph.tensor(name, [values.count], 7, data))
        return name
    }

    /// Adds a scalar integer as a constant; returns its name.
    mutating func constant(_ value: Int) -> String {
        let name = "constant_\(initializers.count)"
        initializers.append(ONNXGraph.tensor(name, [], 7, withUnsafeBytes(of: Int64(value)) { Data($0) }))
        return name
    }

    /// Adds a scalar as a constant; returns its name.
    mutating func constant(_ value: Double) -> String {
        let name = "constant_\(initializers.count)"
        initializers.append(ONNXGraph.tensor(name, [], 1, withUnsafeBytes(of: Float(value)) { Data($0) }))
        return name
    }

    /// Adds a node with one output; returns the output's name.
    mutating func add(_ operation: String, _ inputs: String..., attributes: [String: Attribute] = [:]) -> String {
        var node = ONNXProtoNode()
        node.opType = operation
        node.name = "\(operation)_\(nodes.count)"
        node.input = inputs
        node.output = ["\(node.name)_output"]
        node.attribute = attributes.sorted { $0.key < $1.key }.map { name, value in
            var attribute = ONNXProtoAttribute()
            attribute.name = name
            switch value {
            case .int(let number): (attribute.type, attribute.i) = (.int, Int64(number))
            case .ints(let numbers): (attribute.type, attribute.ints) = (.ints, numbers.map(Int64.init))
            case .float(let number): (attribute.type, attribute.f) = (.float, Float(number))
            }
            return attribute
        }
        nodes.append(node)
        return node.output[0]
    }

    private static func tensor(_ name: String, _ shape: [Int], _ type: Int32, _ data: Data) -> ONNXProtoTensor {
        var tensor = ONNXProtoTensor()
        (tensor.name, tensor.dims, tensor.dataType, tensor.rawData) = (name, shape.map(Int64.init), type, data)
        return tensor
    }
}

extension ONNXGraph {
    /// A convolution with the constants `key.weight` and, if it has a bias, `key.bias`.
    mutating func convolution(
        _ key: String, _ input: String, kernel: Int, stride: Int, padding: Int, groups: Int = 1, bias: Bool = false
    ) -> String {
        let attributes: [String: Attribute] = [
            "kernel_shape": .ints([kernel, kernel]), "strides": .ints([stride, stride]),
            "pads": .ints([padding, padding, padding, padding]), "group": .int(groups),
        ]
        return bias
            ? add("Conv", input, "\(key).weight", "\(key).bias", attributes: attributes)
            : add("Conv", input, "\(key).weight", attributes: attributes)
    }

    /// Batch norm with running statistics.
    mutating func batchNorm(_ key: String, _ input: String) -> String {
        add(
            "BatchNormalization", input, "\(key).weight", "\(key).bias", "\(key).running_mean", "\(key).running_var",
            attributes: ["epsilon": .float(1e-5)])
    }

    /// The node of an activation; the input itself for none.
    mutating func activation(_ activation: Activation, _ input: String) -> String {
        switch activation {
        case .none: input
        case .relu: add("Relu", input)
        case .relu6: add("Clip", input, constant(0.0), constant(6.0))
        }
    }

    /// The maximum of each window.
    mutating func maxPool(_ input: String, kernel: Int, stride: Int, padding: Int) -> String {
        add(
            "MaxPool", input,
            attributes: [
                "kernel_shape": .ints([kernel, kernel]), "strides": .ints([stride, stride]),
                "pads": .ints([padding, padding, padding, padding]),
            ])
    }

    /// The mean over the image, `[N, C]`.
    mutating func globalMean(_ input: String) -> String {
        add("Flatten", add("GlobalAveragePool", input), attributes: ["axis": .int(1)])
    }
}
