import Views

/// Says on standard error what a command took for what, and what it leaves out.
package func announce(_ summary: SourceSummary?) {
    for line in summary?.lines ?? [] { Output.note(line) }
}
