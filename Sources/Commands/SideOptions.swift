import ArgumentParser
import Views

extension SideChoice: ExpressibleByArgument {}

/// The side of IMAGES to use, and what a table's columns hold; shared by the commands that read images.
package struct SideOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            """
            Of IMAGES with train/, test/ or val/ inside, or a table with a column of sides: train, test, validation or \
            all; none if folders are classes.
            """,
            valueName: "side"))
    package var side: SideChoice?

    @Option(
        help: ArgumentHelp(
            """
            A column of a table: path, label, labels, value, split, group, caption or weight, and its name, as in \
            label=species. Repeatable; the others are found by the usual names.
            """,
            valueName: "column=name"),
        transform: SideOptions.column)
    package var column: [NamedColumn] = []

    @Option(
        help: ArgumentHelp(
            "The folder that paths in a table are relative to; the table's own by default.", valueName: "folder"),
        transform: PathArgument.read)
    package var root: String?

    package init() {}

    /// How sources are opened.
    package func reading(_ options: SourceOptions) -> SourceOptions {
        var options = options
        (options.columns, options.root) = (column, root)
        return options
    }

    private static func column(_ text: String) throws -> NamedColumn {
        if let column = NamedColumn(text) { return column }
        let columns = ImageColumn.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--column must be COLUMN=NAME, COLUMN one of \(columns); is \(text)")
    }
}
