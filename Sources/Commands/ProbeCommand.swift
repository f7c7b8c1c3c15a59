import ArgumentParser

/// `diptych probe`.
package struct ProbeCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Scores an encoder by a linear probe and weighted kNN on labelled images.",
        discussion: """
            The encoder stays frozen: its file is hashed before and after. IMAGES with train/ and test/ or val/ inside \
            is split accordingly. Otherwise a stratified share is held out by the run's seed, the same share that was \
            held out in training. --zero-shot trains nothing: a run of method clip classifies by the names of the \
            classes.

              diptych probe runs/a photos/ --beside resnet50.pth --beside random --labels 1% --labels 10%
              diptych probe --weights resnet50.pth photos/train --test photos/test
              diptych probe runs/pets pets/ --zero-shot --template "a photo of a {}" --template "a drawing of a {}"
            """)

    @Argument(
        help: ArgumentHelp(
            "Run folder, encoder.safetensors or checkpoint, unless --weights is given; then labelled images.",
            valueName: "run images"), transform: PathArgument.read)
    package var places: [String] = []

    @OptionGroup package var free: WeightOptions

    @Option(
        help: ArgumentHelp("A folder of test images with the same classes.", valueName: "images"),
        transform: PathArgument.read)
    package var test: String?

    @Flag(help: "Classifies by prompts with the classes' names instead; for runs by clip.")
    package var zeroShot = false

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A prompt with {} for the class; 'a photo of a {}.' by default. Repeatable.", valueName: "text"))
    package var template: [String] = []

    @Flag(help: "With --zero-shot, tests on all images, for images that the run was not trained on.")
    package var all = false

    @Option(
        help: ArgumentHelp(
            "The file of the scores; RUN/probe.json, or RUN/zero-shot.json with --zero-shot, by default.",
            valueName: "file"), transform: PathArgument.read)
    package var output: String?

    @Flag(help: "Also scores the same architecture with random weights.")
    package var control = false

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Weights that are scored on the same images, or the word random: one table with intervals. Repeatable.",
            valueName: "file"), transform: PathArgument.read)
    package var beside: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Also scores with a share of the labels, as in 1%. Repeatable.", valueName: "share"))
    package var labels: [LabelShare] = []

    @Option(help: ArgumentHelp("Also scores with this many labels of each class, as in 1,5,10.", valueName: "counts"))
    package var shots: ShotCounts?

    @Option(help: ArgumentHelp("Random draws of these labels; 10 by default.", valueName: "N"))
    package var repeats: Int?

    @Option(
        name: .customLong("cost"),
        help: ArgumentHelp(
            "C of the logistic regression, 1/2 |w|^2 + C * sum of log losses; auto chooses it by cross-validation.",
            valueName: "C"))
    package var cost: ProbeCost?

    @Option(
        name: [.customLong("knn-k"), .customLong("neighbours")],
        help: ArgumentHelp(
            "Neighbours of the kNN; by default 200 if the bank has 10,000 images or more, else 20.", valueName: "k")
    )
    package var neighbours: Int?

    @Option(
        name: .customLong("knn-temperature"),
        help: ArgumentHelp(
            "T of a neighbour's weight e^(cos/T); by default 0.1 if the bank has 10,000 images or more, else 0.07.",
            valueName: "T"))
    package var temperature: Double?

    @Flag(name: .customLong("knn-uniform"), help: "Gives each neighbour one vote; usual with k = 10.")
    package var uniform = false

    @Option(
        help: ArgumentHelp(
            "Also scores by cross-validation on all images, with the spread of the folds; no group of a table is cut.",
            valueName: "K"))
    package var folds: Int?

    @Option(help: ArgumentHelp("Seed of the stratified split; the run's by default.", valueName: "N"))
    package var seed: UInt64?

    @OptionGroup package var sides: SideOptions

    @OptionGroup package var tolerance: ToleranceOptions

    @OptionGroup package var compute: ComputeOptions

    package init() {}

    /// The path of the encoder.
    package var encoder: String { free.weights ?? places[0] }

    /// The path of the labelled images.
    package var images: String { places[places.count - 1] }

    package func validate() throws {
        _ = try free.places(places, then: ["IMAGES"])
        if !zeroShot && !template.isEmpty { throw ValidationError("--template requires --zero-shot") }
        if !zeroShot && all { throw ValidationError("--all requires --zero-shot") }
        let asksForNeighbours = neighbours != nil || temperature != nil || uniform
        if zeroShot && (control || !beside.isEmpty || !labels.isEmpty || shots != nil) {
            throw ValidationError("--control, --beside, --labels and --shots do not apply to --zero-shot")
        }
        if let repeats {
            if !(1...1000).contains(repeats) { throw ValidationError("--repeats must be in 1...1000, is \(repeats)") }
            if labels.isEmpty && shots == nil { throw ValidationError("--repeats requires --labels or --shots") }
        }
        if zeroShot && (cost != nil || asksForNeighbours) {
            throw ValidationError("--cost and --knn-... do not apply to --zero-shot")
        }
        if let folds, !(2...100).contains(folds) {
            throw ValidationError("--folds must be in 2...100, is \(folds)")
        }
        if folds != nil, cost == .auto { throw ValidationError("--folds takes --cost with a number, not auto") }
        if zeroShot && folds != nil { throw ValidationError("--folds does not apply to --zero-shot") }
        if uniform && temperature != nil {
            throw ValidationError("--knn-uniform and --knn-temperature exclude each other")
        }
        if let temperature, !(temperature > 0 && temperature.isFinite) {
            throw ValidationError("--knn-temperature must be positive, is \(temperature)")
        }
        if let wrong = template.first(where: { !$0.contains("{}") }) {
            throw ValidationError("--template must have {} where the class goes, is \(wrong)")
        }
        if let neighbours, neighbours < 1 {
            throw ValidationError("--knn-k must be at least 1, is \(neighbours)")
        }
    }

    package func run() throws { try TorchProcess.handOver() }
}
