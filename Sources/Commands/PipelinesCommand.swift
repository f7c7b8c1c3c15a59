import ArgumentParser
import Files
import Views

/// `diptych pipelines`.
package struct PipelinesCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pipelines",
        abstract: "Lists the pipelines inside the program, or prints one.",
        discussion: """
            Each is a file of pipelines/, and --pipeline takes its name: diptych train photos/ --pipeline simclr-32. \
            The comments of each say what it is for and what it reached. A file of your own may begin with base: \
            simclr-32 and hold only what differs.
            """)

    @Argument(help: ArgumentHelp("The pipeline to print.", valueName: "name"))
    package var name: String?

    package init() {}

    package func run() throws {
        guard let name else {
            let width = Preset.all.map(\.name.count).max() ?? 0
            return try Output.result(
                Preset.all.map { preset in
                    let blanks = String(repeating: " ", count: width - preset.name.count)
                    return "\(preset.name)\(blanks)  \(preset.summary)"
                })
        }
        guard let preset = Preset(named: name) else {
            throw Failure(.unusable, Preset.unknown(name))
        }
        try Output.result(Data(preset.text.utf8))
    }
}
