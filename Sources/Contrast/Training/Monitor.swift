import Torch

/// What a run says of itself between passes: the spread of its cosines, and what is wrong with the last batch's embeddings.
struct Monitor {
    private let every: Int
    private var known: [String] = []

    /// - Parameter every: epochs between two diagnoses; 0 for none.
    init(every: Int) { self.every = every }

    /// Writes histograms, diagnoses in the epochs that want it, and tells the observer what was not wrong before.
    /// - Parameter temperature: the loss's present tau, if it has one.
    mutating func look(
        at last: Objective, temperature: Double?, epoch: Int, step: Int, log: RunLog, observer: any TrainingObserver
    ) throws {
        let first = try last.embeddings.first.to(.float32).to(device: .cpu)
        let second = try last.embeddings.second.to(.float32).to(device: .cpu)
        let count = min(first.shape[0], 256)
        let rows = try first.narrow(dim: 0, start: 0, length: count).normalizedRows()
        let others = try second.narrow(dim: 0, start: 0, length: count).normalizedRows()
        let cosines: [Double] = try rows.matmul(others.transpose(0, 1)).to(.float64).toArray()
        try log.write(
            histogram: (0..<count).map { cosines[$0 * count + $0] }, tag: "cosine/positives", step: step)
        try log.write(
            histogram: cosines.enumerated().filter { $0.offset % (count + 1) != 0 }.map(\.element),
            tag: "cosine/negatives", step: step)
        guard every > 0, epoch % every == 0, first.shape[0] >= PairedEmbeddings.minimum else { return }
        var options = Evidence.Options()
        options.temperature = temperature
        options.candidates = last.candidates
        options.measuresGradient = false
        // Below what the stronger critic asks for, whose training would take longer than all the rest.
        options.limit = min(first.shape[0], CriticGap.minimum - 1)
        let (firsts, seconds): ([Float], [Float]) = (try first.toArray(), try second.toArray())
        let pairs: PairedEmbeddings
        do throws(EmbeddingsError) {
            pairs = try PairedEmbeddings(
                first: firsts, second: seconds, dimension: first.shape[1], labels: nil,
                names: ("the first views of pass \(epoch)", "the second views of pass \(epoch)", ""))
        } catch {
            // Rows that are all equal, or no numbers, are what a diagnosis is for.
            try log.write(DiagnosisRecord(epoch: epoch, step: step, findings: ["unusable_embeddings"]))
            if known != ["unusable_embeddings"] { observer.notice("after epoch \(epoch): \(error)") }
            known = ["unusable_embeddings"]
            return
        }
        let findings = try Diagnosis(pairs, options: options).findings.filter { !Monitor.needsMore.contains($0.code) }
        try log.write(DiagnosisRecord(epoch: epoch, step: step, findings: findings.map(\.code)))
        // Causes come first; what they entail can wait until they are mended.
        if let finding = findings.first, finding.code != known.first {
            var text = "after epoch \(epoch): \(finding.title.lowercased()) [\(finding.code)]: \(finding.evidence)"
            // One setting fits the line; several, and alternatives, are lines of the pipeline file.
            if finding.remedy.count == 1 {
                text += " \(finding.remedy[0]) (diptych diagnose says more)"
            } else {
                text += " (diptych diagnose says more) Try:" + finding.remedy.map { "\n    \($0)" }.joined()
            }
            observer.notice(text)
        }
        known = findings.map(\.code)
    }

    /// What one batch is too small to say.
    private static let needsMore: Set<String> = [
        SmallDataSet.code, Duplicates.code, Saturation.code, FalseNegatives.code,
    ]
}

/// A diagnosis' line of metrics.jsonl.
struct DiagnosisRecord: Codable, Equatable, Sendable {
    /// Always `diagnosis`.
    var kind = "diagnosis"
    /// The pass, from 1.
    var epoch: Int
    /// Optimiser steps done since the run began.
    var step: Int
    /// The findings' codes, causes first.
    var findings: [String]
}
