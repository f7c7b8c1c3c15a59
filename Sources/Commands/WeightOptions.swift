import ArgumentParser
import Files

/// Weights from elsewhere in place of a run, and how they are used; shared by the commands that take an encoder.
package struct WeightOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            """
            Weights in place of RUN: .safetensors, or .pth, .pt or .bin of torch.save, with the keys of torchvision, \
            timm, solo-learn, lightly, MoCo or DINO; or a run folder or checkpoint.
            """, valueName: "file"), transform: PathArgument.read)
    package var weights: String?

    @Option(
        help: ArgumentHelp(
            "The network of the weights, as in resnet50, if names and shapes do not identify it.", valueName: "name"))
    package var encoder: String?

    @Option(help: ArgumentHelp("The prefix of the network's keys; detected by default.", valueName: "text"))
    package var weightsPrefix: String?

    @OptionGroup package var settings: PipelineOptions

    package init() {}

    /// The encoder and the other places among a command's positional arguments.
    /// - Throws: `ValidationError` if there are too few or too many.
    func places(_ given: [String], then others: [String]) throws -> (encoder: String, others: [String]) {
        let names = (weights == nil ? ["RUN"] : []) + others
        guard given.count == names.count else {
            let missing = names.dropFirst(given.count)
            let what = missing.isEmpty ? "got \(given.count) paths; give" : "give"
            let instead = weights == nil ? ", or --weights FILE in place of RUN" : ""
            throw ValidationError(
                "\(what) \((missing.isEmpty ? names[...] : missing).joined(separator: " and "))\(instead)")
        }
        return (weights ?? given[0], Array(given.suffix(others.count)))
    }
}
