import ArgumentParser

/// `diptych runs`.
package struct RunsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Lists the runs in a folder with their state and scores.",
        discussion: """
            A run is finished, running, stopped (it can be resumed) or begun (it came to no checkpoint). kNN is the \
            run's last score on held-out images; probe is that of diptych probe. Losses of different methods, batch \
            sizes or temperatures are not comparable.

              diptych runs runs/ --sort probe
            """)

    @Argument(help: ArgumentHelp("Folders of runs, or runs.", valueName: "folder"), transform: PathArgument.read)
    package var folders: [String]

    @Option(
        help: ArgumentHelp(
            """
            The column to sort by: name, method, encoder, epochs, state, knn, probe, loss or time; the best score \
            comes first.
            """, valueName: "column"))
    package var sort: String?

    @Flag(help: "Prints one JSON object.")
    package var json = false

    @Flag(help: "Prints comma-separated values.")
    package var csv = false

    package init() {}

    package func validate() throws {
        if json && csv { throw ValidationError("--json and --csv exclude each other") }
    }

    package func run() throws { try TorchProcess.handOver() }
}
