import ArgumentParser

/// `diptych export`.
package struct ExportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a run's encoder as ONNX or safetensors, and checks what was written.",
        discussion: """
            ONNX: the input is images [N, 3, H, W], normalised by the mean and std in the file's metadata; the output \
            is features [N, dimension]. The file is run and compared with the encoder. Safetensors: torchvision's keys \
            (timm's for ViTs).

              diptych export runs/photos --output encoder.onnx
            """)

    @Argument(
        help: ArgumentHelp("Run folder, encoder.safetensors or checkpoint.", valueName: "run"),
        transform: PathArgument.read)
    package var encoder: String

    @Option(
        help: ArgumentHelp("The file; its ending, .onnx or .safetensors, selects the format.", valueName: "file"),
        transform: PathArgument.read)
    package var output: String

    package init() {}

    package func validate() throws {
        if !output.hasSuffix(".onnx") && !output.hasSuffix(".safetensors") {
            throw ValidationError("--output must end in .onnx or .safetensors, is \(output)")
        }
    }

    package func run() throws { try TorchProcess.handOver() }
}
