import ArgumentParser
import Files

/// `diptych finetune`.
package struct FinetuneCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "finetune",
        abstract: "Trains an encoder and a classifier on labelled images, and tests them.",
        usage: """
            diptych finetune <run> <images> --output <folder> [options]
            diptych finetune --weights <file> <images> --output <folder> [options]
            diptych finetune --scratch --encoder <name> <images> --output <folder> [options]
            """,
        discussion: """
            The encoder starts from RUN or from --weights. It is trained by cross-entropy together with a linear \
            layer, at a lower rate than that. IMAGES are labelled: train/ and test/ or val/ inside, else a stratified \
            share is held out by the seed, the same as in training and probing. The run folder gets the files of \
            train, classifier.safetensors, which predict and export read, and finetune.json with the test scores. --resume \
            continues a run bit for bit; it needs IMAGES with the options that describe them, --test and --output.

              diptych finetune runs/a photos/ --labels 10% --output runs/a-10
              diptych finetune --weights resnet50.pth photos/ --output runs/f
              diptych finetune --weights resnet50.pth --scratch photos/ --output runs/s
              diptych finetune runs/a photos/ --output runs/m --set views.mix='{mixup: {alpha: 0.2}}'
            """)

    @OptionGroup package var training: TrainCommand

    @Argument(
        help: ArgumentHelp("The labelled images, if RUN comes first.", valueName: "labelled images"),
        transform: PathArgument.read)
    package var others: [String] = []

    @Flag(help: "Starts from random weights; the network is that of RUN, of --weights or of --encoder.")
    package var scratch = false

    @Option(
        help: ArgumentHelp(
            "The share of each class's labels to train on, as in 10%, drawn by the seed; all by default.",
            valueName: "share"))
    package var labels: LabelShare?

    @Option(
        help: ArgumentHelp("A folder of test images with the same classes.", valueName: "images"),
        transform: PathArgument.read)
    package var test: String?

    package init() {}

    /// The weights that the encoder starts from; nil if a run is resumed or only the network is named.
    package var start: String? { training.free.weights ?? (others.isEmpty ? nil : training.images) }

    /// The labelled images.
    package var images: String { others.last ?? training.images }

    package func validate() throws {
        if others.count > 1 { throw ValidationError("got \(others.count + 1) paths; give RUN and IMAGES") }
        if training.free.weights != nil, !others.isEmpty {
            throw ValidationError("give RUN or --weights FILE, not both, and then IMAGES")
        }
        if training.resume, training.free.encoder != nil || training.free.settings.pipeline != nil {
            throw ValidationError("--encoder and --pipeline are for a new run; --resume reads the run's own")
        }
        if start == nil, !training.resume, !scratch {
            throw ValidationError("give RUN and IMAGES, or --weights FILE in place of RUN, or --scratch")
        }
    }

    /// The training of this command with its images, without the options that only a new run reads.
    package var trained: TrainCommand {
        var training = training
        training.images = images
        (training.free.weights, training.free.encoder, training.free.settings.pipeline) = (nil, nil, nil)
        if let labels { training.free.settings.overrides.append("method.supervised.labels=\(labels.share)") }
        return training
    }

    /// The arguments that resume a run, besides the options of training.
    package var resumption: [String] { test.map { ["--test", SystemPath.argument($0)] } ?? [] }

    package func run() throws { try TorchProcess.handOver() }
}
