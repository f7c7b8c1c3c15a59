import ArgumentParser
import Files

/// The number of threads; shared by all commands that use threads.
package struct ThreadOptions: ParsableArguments, Sendable {
    @Option(name: .customLong("threads"), help: ArgumentHelp("Threads; all cores by default.", valueName: "N"))
    package var count: Int?

    package init() {}

    /// The largest number of threads: 256, or four for each core if that is more. More would only wait for each other.
    static let most = max(256, 4 * ProcessInfo.processInfo.activeProcessorCount)

    package func validate() throws {
        guard let count else { return }
        if count < 1 { throw ValidationError("--threads must be at least 1, is \(count)") }
        if count > ThreadOptions.most {
            let cores = ProcessInfo.processInfo.activeProcessorCount
            throw ValidationError(
                "--threads must be in 1...\(ThreadOptions.most), is \(count); this machine has \(cores) cores")
        }
    }
}
