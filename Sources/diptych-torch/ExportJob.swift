import Commands
import Contrast
import Foundation

/// `diptych export`: writes the encoder as ONNX or safetensors.
struct ExportJob {
    private let options: ExportCommand

    init(_ options: ExportCommand) { self.options = options }

    func run() throws {
        try Output.check(options.output)
        // The whole network of a classifier.safetensors.
        if options.free.weights == nil, ClassifierFile.recognizes(options.encoder) {
            let file = try ClassifierFile(options.encoder)
            try options.free.requireNone(for: file.path)
            return try write("probabilities", onnx: { try ONNXFile.write(file, to: $0) }, weights: file.write)
        }
        let file = try EncoderFile(options.encoder, options.free)
        try options.free.requireUse(by: [file])
        file.notes.forEach(Console().notice)
        try write("features", onnx: { try ONNXFile.write(file, to: $0) }, weights: file.write)
    }

    /// Writes one of the two formats.
    /// - Parameter values: what the network computes.
    private func write(
        _ values: String, onnx: (String) throws -> Double, weights: (String) throws -> Void
    ) throws {
        guard options.output.hasSuffix(".onnx") else {
            try weights(options.output)
            return try Output.result("\(options.output): the same weights, bit for bit")
        }
        let difference = try onnx(options.output)
        try Output.result(
            "\(options.output): the same \(values) to \(String(format: "%.0e", max(difference, 1e-9)))")
    }
}
