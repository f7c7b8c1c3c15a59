import Commands
import Contrast
import Foundation

/// `diptych export`: writes the encoder as ONNX or safetensors.
struct ExportJob {
    private let options: ExportCommand

    init(_ options: ExportCommand) { self.options = options }

    func run() throws {
        try Output.check(options.output)
        if options.free.weights == nil, ClassifierFile.recognizes(options.encoder) { return try exportClassifier() }
        let file = try EncoderFile(options.encoder, options.free)
        try options.free.requireUse(by: [file])
        file.notes.forEach(Console().notice)
        if options.output.hasSuffix(".onnx") {
            let difference = try ONNXFile.write(file, to: options.output)
            try Output.result(
                "\(options.output): the same features to \(String(format: "%.0e", max(difference, 1e-9)))")
        } else {
            try file.write(to: options.output)
            try Output.result("\(options.output): the same weights, bit for bit")
        }
    }

    /// The whole network of a classifier.safetensors.
    private func exportClassifier() throws {
        let file = try ClassifierFile(options.encoder)
        if options.output.hasSuffix(".onnx") {
            let difference = try ONNXFile.write(file, to: options.output)
            try Output.result(
                "\(options.output): the same probabilities to \(String(format: "%.0e", max(difference, 1e-9)))")
        } else {
            try file.write(to: options.output)
            try Output.result("\(options.output): the same weights, bit for bit")
        }
    }
}
