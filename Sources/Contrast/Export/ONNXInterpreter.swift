import Foundation
import Torch

/// Runs an ONNX graph node by node with libtorch, by the operators' definitions, to check a file before it is written.
/// It knows only the operators that the export uses.
struct ONNXInterpreter {
    private let graph: ONNXProtoGraph
    private var values: [String: Tensor] = [:]
    private var integers: [String: [Int]] = [:]

    /// Takes a graph and reads its constants.
    init(_ graph: ONNXProtoGraph) throws(TorchError) {
        self.graph = graph
        for constant in graph.initializer {
            let shape = constant.dims.map { Int($0) }
            let count = shape.reduce(1, *)
            guard constant.rawData.count == count * (constant.dataType == 7 ? 8 : 4) else {
                throw TorchError(operation: "onnx", message: "\(constant.name): its data do not fit its shape")
            }
            if constant.dataType == 7 {
                integers[constant.name] = (0..<count).map { index in
                    constant.rawData.withUnsafeBytes {
                        Int($0.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
                    }
                }
            } else {
                let numbers = (0..<count).map { index in
                    constant.rawData.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * index, as: Float.self) }
                }
                values[constant.name] = try Tensor(numbers, shape: shape)
            }
        }
    }

    /// The features of images, or what else the output is.
    func run(images: Tensor) throws(TorchError) -> Tensor {
        var values = values
        values["images"] = images
        for node in graph.node { values[node.output[0]] = try apply(node, values) }
        guard let features = values[graph.output.first?.name ?? "features"] else {
            throw TorchError(operation: "onnx", message: "the graph has no output")
        }
        return features
    }

    private func apply(_ node: ONNXProtoNode, _ values: [String: Tensor]) throws(TorchError) -> Tensor {
        func input(_ index: Int) throws(TorchError) -> Tensor {
            guard index < node.input.count, let value = values[node.input[index]] else {
                throw TorchError(operation: node.opType, message: "\(node.name): input \(index) is missing")
            }
            return value
        }
        func attribute(_ name: String) -> ONNXProtoAttribute? { node.attribute.first { $0.name == name } }
        func ints(_ name: String) -> [Int] { attribute(name).map { $0.ints.map { Int($0) } } ?? [] }
        func int(_ name: String) -> Int { Int(attribute(name)?.i ?? 0) }
        func integers(_ index: Int) throws(TorchError) -> [Int] {
            guard index < node.input.count, let value = self.integers[node.input[index]] else {
                throw TorchError(operation: node.opType, message: "\(node.name): input \(index) is missing")
            }
            return value
        }
        switch node.opType {
        case "Conv":
            return try input(0).conv2d(
                weight: input(1), bias: node.input.count > 2 ? try input(2) : nil, stride: ints("strides")[0],
                padding: ints("pads")[0], groups: max(int("group"), 1))
        case "BatchNormalization":
            func channels(_ index: Int) throws(TorchError) -> Tensor { try input(index).reshape([1, -1, 1, 1]) }
            let std = try (channels(4) + Double(attribute("epsilon")?.f ?? 1e-5)).sqrt()
            return try (input(0) - channels(3)) / std * channels(1) + channels(2)
        case "Relu": return try input(0).relu()
        case "Clip": return try -(-(input(0).clamp(min: input(1).item()))).clamp(min: -input(2).item())
        case "MaxPool":
            return try input(0).maxPool2d(
                kernel: ints("kernel_shape")[0], stride: ints("strides")[0], padding: ints("pads")[0])
        case "GlobalAveragePool": return try input(0).mean(dims: [2, 3], keepdim: true)
        case "Flatten": return try input(0).reshape([input(0).shape[0], -1])
        case "Add": return try input(0) + input(1)
        case "Mul": return try input(0) * input(1)
        case "MatMul": return try input(0).matmul(input(1))
        case "Erf": return try input(0).erf()
        case "Softmax": return try input(0).softmax(dim: -1)
        case "Concat": return try Tensor.cat([input(0), input(1)], dim: int("axis"))
        case "ReduceMean": return try input(0).mean(dim: ints("axes")[0])
        case "Reshape":
            let shape = try input(0).shape
            return try input(0).reshape(
                integers(1).enumerated().map { $0.element == 0 ? shape[$0.offset] : $0.element })
        case "Transpose": return try input(0).permuted(ints("perm"))
        case "Gather":
            return try input(0).narrow(dim: int("axis"), start: integers(1)[0], length: 1).squeeze(int("axis"))
        case "Slice":
            return try input(0).narrow(
                dim: integers(3)[0], start: integers(1)[0], length: integers(2)[0] - integers(1)[0])
        case "LayerNormalization":
            let x = try input(0)
            let centred = try x - x.mean(dim: -1, keepdim: true)
            let variance = try (centred * centred).mean(dim: -1, keepdim: true)
            return try centred / (variance + Double(attribute("epsilon")?.f ?? 1e-5)).sqrt() * input(1) + input(2)
        case "Identity": return try input(0)
        default: throw TorchError(operation: node.opType, message: "is an unknown operator")
        }
    }
}

extension Tensor {
    /// The tensor with its dimensions in another order.
    fileprivate func permuted(_ order: [Int]) throws(TorchError) -> Tensor {
        var (result, dimensions) = (self, Array(0..<order.count))
        for (target, source) in order.enumerated() {
            guard let now = dimensions.firstIndex(of: source) else {
                throw TorchError(operation: "permute", message: "\(order) is not a permutation")
            }
            if now != target {
                result = try result.transpose(target, now)
                dimensions.swapAt(target, now)
            }
        }
        return result
    }
}
