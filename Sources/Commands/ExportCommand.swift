import ArgumentParser

/// `diptych export`.
package struct ExportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a run's encoder as ONNX or safetensors, and checks what was written.",
        discussion: """
            ONNX: the input is images [N, 3, H, W], normalised by the mean and std in the file's metadata; the output \
            is features [N, dimension]. The file is run and compared with the encoder. Safetensors: torchvision's keys \
            (timm's for ViTs). Of a classifier.safetensors, which finetune leaves, the whole network is written; in \
            ONNX its output is probabilities [N, classes].

              diptych export runs/photos --output encoder.onnx
              diptych export runs/f/classifier.safetensors --output classifier.onnx
            """)

    @Argument(
        help: ArgumentHelp("Run folder, encoder.safetensors or checkpoint.", valueName: "run"),
        transform: PathArgument.read)
    package var place: String?

    @OptionGroup package var free: WeightOptions

    @Option(
        help: ArgumentHelp("The file; its extension, .onnx or .safetensors, selects the format.", valueName: "file"),
        transform: PathArgument.read)
    package var output: String

    package init() {}

    /// The path of the encoder.
    package var encoder: String { free.weights ?? place ?? "" }

    package func validate() throws {
        _ = try free.places(place.map { [$0] } ?? [], then: [])
        if !output.hasSuffix(".onnx") && !output.hasSuffix(".safetensors") {
            throw ValidationError("--output must end in .onnx or .safetensors, is \(output)")
        }
    }

    package func run() throws { try TorchProcess.handOver() }
}
