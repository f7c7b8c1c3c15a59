import Files
import Foundation
import SwiftProtobuf
import Torch
import Views

/// An encoder as an ONNX file: input `images` `[N, 3, H, W]`, normalised, output `features` `[N, dimension]`, any N; or
/// a classifier with the output `probabilities`.
///
/// Mean, standard deviation and size of the input are in the metadata. The format is at
/// onnx.ai/onnx/repo-docs/IR.html.
public enum ONNXFile {
    /// The largest accepted difference between the file's features and the encoder's, over the largest feature.
    public static let tolerance = 1e-4

    /// Writes an encoder if its graph, run node by node on random images, gives the encoder's features.
    /// - Returns: the largest difference over the largest feature.
    /// - Throws: `TrainingError` if the architecture has no ONNX form, the features differ, or the file would be larger
    ///   than the format's 2 GiB; `TorchError`, `FileError`.
    @discardableResult
    public static func write(_ file: EncoderFile, to path: String) throws -> Double {
        guard let encoder = file.encoder as? any ONNXExportable else {
            throw missing(file.path, file.experiment)
        }
        return try write(encoder, file.experiment, output: "features", to: path)
    }

    /// Writes a classifier, whose output is `probabilities` `[N, classes]`; the classes are in the metadata, as JSON.
    /// - Returns: the largest difference over the largest probability.
    /// - Throws: as for an encoder.
    @discardableResult
    public static func write(_ file: ClassifierFile, to path: String) throws -> Double {
        guard file.classifier.encoder is any ONNXExportable else { throw missing(file.path, file.experiment) }
        let classes = String(decoding: try JSON.encoder().encode(file.classes), as: UTF8.self)
        return try write(
            file.classifier, file.experiment, output: "probabilities", facts: [("classes", classes)], to: path)
    }

    private static func missing(_ path: String, _ experiment: Experiment) -> TrainingError {
        TrainingError(.unusable, "\(path): \(experiment.encoder.name) has no ONNX form; export to .safetensors")
    }

    private static func write(
        _ encoder: any ONNXExportable, _ experiment: Experiment, output: String, facts: [(String, String)] = [],
        to path: String
    ) throws -> Double {
        let size = try ViewPipeline(experiment.views).evaluation.branches[0].size
        let model = try model(of: encoder, experiment, size, output: output, facts: facts)
        guard model.graph.initializer.reduce(0, { $0 + $1.rawData.count }) < 2_000_000_000 else {
            throw TrainingError(.unusable, "\(path): an ONNX file cannot hold weights of 2 GB; export to .safetensors")
        }
        let data: Data = try model.serializedBytes()
        let difference = try check(data, encoder, size)
        guard difference <= tolerance else {
            throw TrainingError(
                .failed,
                "\(path): was not written: its \(output) would differ by \(difference) from the network's, which is a bug"
            )
        }
        try AtomicFile.write(data, to: path)
        return difference
    }

    private static func model(
        of encoder: any ONNXExportable, _ experiment: Experiment, _ size: Size, output: String,
        facts others: [(String, String)]
    ) throws(TorchError) -> ONNXProtoModel {
        var graph = try ONNXGraph(encoder.stateDict)
        let last = try encoder.addNodes(to: &graph, images: "images")
        var model = ONNXProtoModel()
        model.irVersion = 8
        model.producerName = "diptych"
        model.opsetImport = [.with { $0.version = Int64(ONNXGraph.operators) }]
        model.graph = .with {
            $0.name = experiment.encoder.name
            $0.node =
                graph.nodes + [
                    .with {
                        ($0.opType, $0.name, $0.input, $0.output) = ("Identity", output, [last], [output])
                    }
                ]
            $0.initializer = graph.initializers
            $0.input = [value("images", [3, size.height, size.width])]
            $0.output = [value(output, [encoder.dimension])]
        }
        func text(_ numbers: [Double]) -> String { numbers.map { "\($0)" }.joined(separator: " ") }
        let facts = [
            ("architecture", experiment.encoder.name), ("mean", text(experiment.views.normalize.mean)),
            ("std", text(experiment.views.normalize.std)), ("input_size", "\(size.height) \(size.width)"),
        ]
        model.metadataProps = (facts + others).map { key, value in .with { ($0.key, $0.value) = (key, value) } }
        return model
    }

    /// The type of an input or output: float32 `[N, ...]`, for any N.
    private static func value(_ name: String, _ sizes: [Int]) -> ONNXProtoValue {
        .with {
            $0.name = name
            $0.type.tensorType.elemType = 1
            $0.type.tensorType.shape.dim =
                [.with { $0.dimParam = "N" }] + sizes.map { size in .with { $0.dimValue = Int64(size) } }
        }
    }

    /// The largest difference between the features of a serialised graph and the encoder's, over the largest feature.
    private static func check(_ data: Data, _ encoder: any ONNXExportable, _ size: Size) throws -> Double {
        let images = try Generator(seed: 1).normal([2, 3, size.height, size.width], std: 1)
        let graph = try ONNXProtoModel(serializedBytes: data).graph
        return try withoutGradients {
            let found: [Float] = try ONNXInterpreter(graph).run(images: images).toArray()
            let wanted: [Float] = try encoder(images, training: false).toArray()
            guard found.count == wanted.count else { return .infinity }
            let largest = wanted.reduce(Float(1e-12)) { max($0, abs($1)) }
            return Double(zip(found, wanted).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) } / largest)
        }
    }
}
