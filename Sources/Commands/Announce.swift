import Views

/// Notes on standard error how a command understood its images, and what it skips.
package func announce(_ summary: SourceSummary?) {
    for line in summary?.lines ?? [] { Output.note(line) }
}
