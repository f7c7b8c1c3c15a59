import ArgumentParser
import Views

extension SideChoice: ExpressibleByArgument {}

/// Which side of IMAGES is taken; shared by the commands that read images.
package struct SideOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Of IMAGES with train/, test/ or val/ inside: train, test, validation or all; none where folders are classes.",
            valueName: "side"))
    package var side: SideChoice?

    package init() {}
}
