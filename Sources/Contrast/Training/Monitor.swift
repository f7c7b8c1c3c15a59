import Torch

/// Looks at the last batch's embeddings after an epoch: the distribution of their cosines, and what is wrong with them.
struct Monitor {
    private let every: Int
    private var known: [String] = []

    private let prevention: CollapsePrevention?

    /// - Parameters:
    ///   - every: epochs between two diagnoses; 0 for none.
    ///   - prevention: what keeps embeddings apart in a method without negatives.
    init(every: Int, prevention: CollapsePrevention? = nil) {
        (self.every, self.prevention) = (every, prevention)
    }

    /// Writes histograms, diagnoses if it is due, and tells the observer what was not wrong before.
    /// - Parameters:
    ///   - temperature: the loss's present tau, if it has one.
    ///   - assignments: the second views' distributions over the prototypes, if there are any.
    mutating func look(
        at last: Objective, temperature: Double?, assignments: Tensor? = nil, epoch: Int, step: Int, log: RunLog,
        observer: any TrainingObserver
    ) throws {
        let first = try last.embeddings.first.to(.float32).to(device: .cpu)
        let second = try last.embeddings.second.to(.float32).to(device: .cpu)
        try writeCosines(first, second, step: step, log: log)
        guard every > 0, epoch % every == 0, first.shape[0] >= PairedEmbeddings.minimum else { return }
        let (firsts, seconds): ([Float], [Float]) = (try first.toArray(), try second.toArray())
        let pairs: PairedEmbeddings
        do throws(EmbeddingsError) {
            pairs = try PairedEmbeddings(
                first: firsts, second: seconds, dimension: first.shape[1], labels: nil,
                names: ("the first views of epoch \(epoch)", "the second views of epoch \(epoch)", ""))
        } catch {
            // Rows that are all equal or not finite are what a diagnosis is for.
            try log.write(DiagnosisRecord(epoch: epoch, step: step, findings: ["unusable_embeddings"]))
            if known != ["unusable_embeddings"] { observer.notice("after epoch \(epoch): \(error)") }
            known = ["unusable_embeddings"]
            return
        }
        var options = Evidence.Options()
        options.temperature = temperature
        options.candidates = last.candidates
        options.prevention = prevention
        options.measuresGradient = false
        // Fewer than the stronger critic needs, whose training would take longer than all the rest.
        options.limit = min(first.shape[0], CriticGap.minimum - 1)
        var evidence = try Evidence(pairs, options: options)
        if let assignments {
            var all = PrototypeAssignments()
            try all.add(assignments)
            evidence.prototypes = all.use
        }
        let findings = Diagnosis(evidence).findings.filter { !Monitor.needsMore.contains($0.code) }
        try log.write(DiagnosisRecord(epoch: epoch, step: step, findings: findings.map(\.code)))
        // Causes come first; their consequences can wait until they are mended.
        if let finding = findings.first, finding.code != known.first {
            observer.notice("after epoch \(epoch): \(Monitor.description(of: finding))")
        }
        known = findings.map(\.code)
    }

    /// Writes the histograms of the cosines of positives and of negatives.
    private func writeCosines(_ first: Tensor, _ second: Tensor, step: Int, log: RunLog) throws {
        let count = min(first.shape[0], 256)
        let rows = try first.narrow(dim: 0, start: 0, length: count).normalizedRows()
        let others = try second.narrow(dim: 0, start: 0, length: count).normalizedRows()
        let cosines: [Double] = try rows.matmul(others.transpose(0, 1)).to(.float64).toArray()
        try log.write(
            histogram: (0..<count).map { cosines[$0 * count + $0] }, tag: "cosine/positives", step: step)
        try log.write(
            histogram: cosines.enumerated().filter { $0.offset % (count + 1) != 0 }.map(\.element),
            tag: "cosine/negatives", step: step)
    }

    private static func description(of finding: Finding) -> String {
        let text = "\(finding.title.lowercased()) [\(finding.code)]: \(finding.evidence)"
        // One setting fits the line; several, and alternatives, are lines of the pipeline file.
        guard finding.remedy.count == 1 else {
            return text + " (diptych diagnose says more) Try:" + finding.remedy.map { "\n    \($0)" }.joined()
        }
        return "\(text) \(finding.remedy[0]) (diptych diagnose says more)"
    }

    /// What one batch is too small to show.
    private static let needsMore: Set<String> = [
        SmallDataSet.code, Duplicates.code, Saturation.code, FalseNegatives.code,
    ]
}

/// A diagnosis' line of metrics.jsonl.
struct DiagnosisRecord: Codable, Equatable, Sendable {
    /// Always `diagnosis`.
    var kind = "diagnosis"
    /// The epoch, from 1.
    var epoch: Int
    /// Optimiser steps done since the run began.
    var step: Int
    /// The findings' codes, causes first.
    var findings: [String]
}
