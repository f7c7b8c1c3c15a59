import ArgumentParser

/// `diptych bench-loss`, for Benchmarks/losses; not in the list of commands.
package struct BenchLoss: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bench-loss",
        abstract: "Times a loss with its gradient, and measures its memory.", shouldDisplay: false)

    /// What is timed.
    package enum Objective: String, ExpressibleByArgument, CaseIterable, Sendable {
        /// NT-Xent at temperature 0.5.
        case ntXent = "nt_xent"
        /// CLIP's loss at temperature 0.07.
        case clip
        /// NT-Xent's formula over the matrix of scores, as it is written in PyTorch.
        case formula
    }

    @Argument(
        help: ArgumentHelp("Two .npy files of embeddings, float [pairs, dimension].", valueName: "file"),
        transform: PathArgument.read)
    package var views: [String]

    @Option(help: "What to time: nt_xent, clip or formula.")
    package var loss = Objective.ntXent

    @Option(help: ArgumentHelp("Times after the first, which counts for memory only.", valueName: "N"))
    package var rounds = 3

    @OptionGroup package var threading: ThreadOptions

    package init() {}

    package func validate() throws {
        if views.count != 2 { throw ValidationError("bench-loss takes two .npy files, are \(views.count)") }
        if rounds < 0 { throw ValidationError("--rounds must be at least 0, is \(rounds)") }
    }

    package func run() throws { try TorchProcess.handOver() }
}
