import ArgumentParser

/// `diptych estimate`.
package struct EstimateCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "estimate",
        abstract: "Estimates mutual information by seven estimators side by side, in nats.",
        discussion: """
            From paired samples, a critic is trained on six tenths of the pairs and selected on two tenths; the value \
            is that of the last two tenths. Or from the scores of another critic, or on correlated Gaussians, whose \
            information is known.

              diptych estimate --views x.npy y.npy
              diptych estimate --views x.npy y.npy --critic bilinear --estimators info_nce 'interpolated: {alpha: 0.1}'
              diptych estimate --scores scores.npy --candidates 256
              diptych estimate --gaussian --plot staircase.svg
              diptych estimate --gaussian --saturation --plot saturation.svg
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Two .npy files of floats, [pairs, Dx] and [pairs, Dy].", valueName: "file"),
        transform: PathArgument.read)
    package var views: [String] = []

    @Option(
        help: ArgumentHelp(
            "Scores as .npy, float [K, K] or [batches, K, K], pairs on the diagonal.", valueName: "file"),
        transform: PathArgument.read)
    package var scores: String?

    @Flag(help: "Runs the staircase of Poole et al. 2019 on correlated Gaussians.")
    package var gaussian = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Which estimators, all by default; settings as in 'smile: {clip: 1}'.", valueName: "name"))
    package var estimators: [String] = []

    @Option(
        help: ArgumentHelp("The critic: cosine, dot, bilinear, separable or concatenated.", valueName: "name"))
    package var critic: String?

    @Option(help: ArgumentHelp("K pairs of a batch; 64, or all of a score matrix.", valueName: "K"))
    package var candidates: Int?

    @Option(
        help: ArgumentHelp(
            "The largest number of training steps, for each level with --gaussian; 0 for the best critic only.",
            valueName: "N"))
    package var steps: Int?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp(
            "Overrides a setting of the critic's training, as in optimizer.adamw.lr=1e-3. Repeatable.",
            valueName: "key=value"))
    package var overrides: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Levels of --gaussian, nats; 2 4 6 8 10 by default.", valueName: "nats"))
    package var information: [Double] = []

    @Option(help: ArgumentHelp("Dimension of x and of y with --gaussian; 20 by default.", valueName: "d"))
    package var dimension: Int?

    @Flag(help: "Cubes the components of y with --gaussian.")
    package var cubed = false

    @Flag(help: "InfoNCE with the best critic at 2 to 4096 candidates, instead of the staircase.")
    package var saturation = false

    @Flag(help: "Regresses a trained InfoNCE critic on the pointwise information, instead of the staircase.")
    package var pointwise = false

    @Option(
        help: ArgumentHelp("Writes the picture of --gaussian.", valueName: "file.svg"), transform: PathArgument.read)
    package var plot: String?

    @Flag(help: "Prints one JSON object.")
    package var json = false

    @Option(help: ArgumentHelp("Seed of the split, the weights and the Gaussians.", valueName: "N"))
    package var seed: UInt64 = 0

    @OptionGroup package var threading: ThreadOptions

    package init() {}

    package func validate() throws {
        guard [!views.isEmpty, scores != nil, gaussian].filter({ $0 }).count == 1 else {
            throw ValidationError("give one of --views with two .npy files, --scores with one, or --gaussian")
        }
        if !views.isEmpty && views.count != 2 {
            throw ValidationError("--views takes two .npy files, got \(views.count)")
        }
        try forGaussian()
        if scores != nil && (critic != nil || steps != nil || !overrides.isEmpty) {
            throw ValidationError("--scores come from a trained critic; omit --critic, --steps and --set")
        }
        if let candidates, !(4...65_536).contains(candidates) {
            throw ValidationError("--candidates must be in 4...65536, is \(candidates)")
        }
        if let steps, !((gaussian ? 0 : 1)...10_000_000).contains(steps) {
            throw ValidationError("--steps must be in \(gaussian ? 0 : 1)...10000000, is \(steps)")
        }
    }

    /// Checks the options that require --gaussian.
    private func forGaussian() throws {
        let given = [
            ("--information", !information.isEmpty), ("--dimension", dimension != nil), ("--cubed", cubed),
            ("--saturation", saturation), ("--pointwise", pointwise), ("--plot", plot != nil),
        ]
        if !gaussian, let option = given.first(where: { $0.1 }) {
            throw ValidationError("\(option.0) requires --gaussian")
        }
        if let bad = information.first(where: { !($0 >= 0 && $0 <= 1000) }) {
            throw ValidationError("--information must be in 0...1000 nats, is \(bad)")
        }
        if let dimension, !(1...4096).contains(dimension) {
            throw ValidationError("--dimension must be in 1...4096, is \(dimension)")
        }
        if let plot, !plot.hasSuffix(".svg") { throw ValidationError("--plot must end in .svg, is \(plot)") }
        if saturation && pointwise { throw ValidationError("give --saturation or --pointwise, not both") }
        if pointwise && plot != nil { throw ValidationError("--pointwise has no --plot") }
        if pointwise && steps == 0 { throw ValidationError("--pointwise needs --steps above 0") }
        if saturation && (critic != nil || candidates != nil || steps != nil || !estimators.isEmpty) {
            throw ValidationError(
                "--saturation is for InfoNCE with the best critic; omit --critic, --candidates, --steps and "
                    + "--estimators")
        }
    }

    package func run() throws { try TorchProcess.handOver() }
}
