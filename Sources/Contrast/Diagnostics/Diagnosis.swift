import Files
import Foundation
import Torch

/// What is wrong with a run or with embeddings, worst first, and everything that was measured.
public struct Diagnosis: Codable, Equatable, Sendable {
    /// The number of pairs.
    public var pairs: Int
    /// The number of pairs with a class if some have none; measurements of classes use only these.
    public var labelled: Int?
    /// The dimension of an embedding.
    public var dimension: Int
    /// The temperature that divides the scores.
    public var temperature: Double
    /// Whether the temperature was given. Otherwise it is the best one for these embeddings, and no check tests it.
    public var temperatureIsKnown: Bool
    /// What is wrong; causes come before their consequences.
    public var findings: [Finding]
    /// What could not be decided, with the reason.
    public var undecided: [String]
    /// All measurements.
    public var measurements: [NamedValue]
    /// The bound as the number of candidates grows.
    public var curve: [Evidence.BoundPoint]
    /// The variance of the gradient as the number of negatives grows.
    public var gradient: [Evidence.GradientPoint]
    /// Shares of the covariance's eigenvalues, largest first, at most 256.
    public var spectrum: [Double]

    /// Runs all checks on the measurements.
    public init(_ evidence: Evidence) {
        pairs = evidence.pairs
        labelled = evidence.labelled.flatMap { $0 < evidence.pairs ? $0 : nil }
        dimension = evidence.dimension
        temperature = evidence.temperature
        temperatureIsKnown = evidence.temperatureIsKnown
        findings = []
        undecided = []
        let contrasts = evidence.run?.contrasts ?? true
        if !contrasts { undecided.append("negatives, bound and geometry: the run's method contrasts no pairs") }
        if let prevention = evidence.prevention {
            undecided.append("bounds and negatives are not judged: \(prevention.method) has no negatives")
        }
        for check in checks where check.scope.includes(evidence) {
            switch check.evaluate(evidence) {
            case .found(let finding): findings.append(finding)
            case .undecided(let why): undecided.append(why)
            case .clear: break
            }
        }
        measurements = evidence.named
        curve = evidence.curve
        gradient = evidence.gradient
        spectrum = Array(evidence.spectrum.shares.prefix(256))
    }

    /// Measures and checks paired embeddings.
    public init(_ embeddings: PairedEmbeddings, options: Evidence.Options = .init()) throws(TorchError) {
        self.init(try Evidence(embeddings, options: options))
    }

    /// Measures and checks a run.
    public init(_ embedded: RunEmbeddings) throws(TorchError) {
        var evidence = try Evidence(embedded.pairs, options: embedded.options)
        evidence.run = embedded.run
        evidence.prototypes = embedded.prototypes
        self.init(evidence)
    }

    /// One JSON object, keys in snake_case.
    public func json() throws -> Data { try JSON.document(self) }

    /// The diagnosis as text.
    public var lines: [String] {
        var lines = [
            "\(pairs) pairs of \(dimension) dimensions, temperature "
                + (temperature < 0.01 ? "\(temperature)" : temperature.rounded(to: 3))
                + (temperatureIsKnown ? "" : " (the best for these embeddings; --temperature names the training's)")
        ]
        if let labelled {
            lines.append(
                "\(labelled) pairs have a class; measurements of classes skip the other \(pairs - labelled)")
        }
        if findings.isEmpty { lines.append("no check found a problem") }
        for (index, finding) in findings.enumerated() {
            lines += [
                "", "\(index + 1). \(finding.title) [\(finding.severity.rawValue)] \(finding.code)",
                "   \(finding.evidence)",
                "   " + finding.numbers.map { "\($0.name) \($0.estimate)" }.joined(separator: ", "),
            ]
            lines += finding.remedy.map { "     \($0)" }
            lines.append("   \(finding.paper)")
        }
        if !undecided.isEmpty { lines += [""] + undecided.map { "undecided: \($0)" } }
        lines += ["", "measured, with 95% intervals"]
        lines += measurements.map {
            "  " + $0.name.padding(toLength: 26, withPad: " ", startingAt: 0) + "\($0.estimate)"
        }
        lines.append(
            "  bound by candidates       "
                + curve.map { "\($0.candidates): \($0.bound.value.rounded(to: 2))" }.joined(separator: ", "))
        if !gradient.isEmpty {
            lines.append(
                "  gradient's variance       "
                    + gradient.map { "\($0.negatives): \($0.relativeVariance.value.rounded(to: 2))" }
                    .joined(separator: ", "))
        }
        return lines
    }
}

extension Evidence {
    /// All measurements by name.
    var named: [NamedValue] {
        var named = [
            NamedValue("loss", loss), NamedValue("bound", bound), NamedValue("ceiling", Measured(ceiling)),
            NamedValue("best_temperature", Measured(bestTemperature)), NamedValue("best_bound", bestBound),
            NamedValue("bound_slope", slope), NamedValue("positive_beats_negative", rank),
            NamedValue("retrieval", retrieval), NamedValue("margin", margin),
            NamedValue("alignment", alignment),
            NamedValue("uniformity", uniformity), NamedValue("negative_distance", spread),
            NamedValue("score_deviation", scoreStd), NamedValue("effective_negatives", effective),
            NamedValue("hardest_percent_mass", hardest), NamedValue("effective_rank", spectrum.effectiveRank),
            NamedValue("rank_me", spectrum.rankMe), NamedValue("participation_ratio", spectrum.participation),
            NamedValue("embedding_std", moments.std), NamedValue("unit_std", moments.unitStd),
            NamedValue("redundancy", moments.redundancy),
            NamedValue("transitivity", Measured(transitivity)), NamedValue("alike", alike),
            NamedValue("anchors_with_twins", twins),
        ]
        if let collisions { named.append(NamedValue("collision_rate", collisions)) }
        if let sameClass { named.append(NamedValue("same_class_mass", sameClass)) }
        if let prototypes { named += prototypes.named }
        if let criticGap { named.append(NamedValue("critic_gap", criticGap)) }
        named += criticGaps.map { NamedValue("critic_gap_\($0.kind.rawValue)", $0.gap) }
        if let rank = run?.encoderRank { named.append(NamedValue("encoder_effective_rank", rank)) }
        if let rank = run?.encoderRankMe { named.append(NamedValue("encoder_rank_me", rank)) }
        if let colours = run?.colourRetrieval { named.append(NamedValue("colour_retrieval", colours)) }
        if let layout = run?.positionRetrieval { named.append(NamedValue("position_retrieval", layout)) }
        if let copies = run?.copies { named.append(NamedValue("train_test_copies", copies.share)) }
        if let share = run?.boundShare { named.append(NamedValue("training_bound_share", Measured(share))) }
        if let wait = run?.dataWait { named.append(NamedValue("data_wait", Measured(wait))) }
        return named
    }
}
