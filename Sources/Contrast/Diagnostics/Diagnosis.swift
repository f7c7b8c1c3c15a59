import Files
import Foundation
import Torch

/// What is wrong with a run or with embeddings, worst first, and everything that was measured.
public struct Diagnosis: Codable, Equatable, Sendable {
    /// Pairs looked at.
    public var pairs: Int
    /// Pairs of these that have a class, where some have and others have not; what speaks of classes is about them.
    public var labelled: Int?
    /// Numbers of an embedding.
    public var dimension: Int
    /// The temperature that scores were divided by.
    public var temperature: Double
    /// Whether it was given; else it is the best one for these embeddings, and the temperature is not judged.
    public var temperatureIsKnown: Bool
    /// What is wrong; causes before what they entail.
    public var findings: [Finding]
    /// What could not be decided, with the reason.
    public var undecided: [String]
    /// All measurements.
    public var measurements: [NamedEstimate]
    /// The bound at rising numbers of candidates.
    public var curve: [Evidence.BoundPoint]
    /// The variance of the gradient at rising numbers of negatives.
    public var gradient: [Evidence.GradientPoint]
    /// Shares of the covariance's eigenvalues, largest first, at most 256.
    public var spectrum: [Double]

    /// Judges what was measured.
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
        for check in checks where contrasts || !check.needsContrast {
            switch check.judge(evidence) {
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

    /// Measures and judges paired embeddings.
    public init(_ embeddings: PairedEmbeddings, options: Evidence.Options = .init()) throws(TorchError) {
        self.init(try Evidence(embeddings, options: options))
    }

    /// Measures and judges a run.
    public init(_ embedded: RunEmbeddings) throws(TorchError) {
        var evidence = try Evidence(embedded.pairs, options: embedded.options)
        evidence.run = embedded.run
        self.init(evidence)
    }

    /// One JSON object, keys in snake_case.
    public func json() throws -> Data { try JSON.document(self) }

    /// The diagnosis for people.
    public var lines: [String] {
        var lines = [
            "\(pairs) pairs of \(dimension) dimensions, temperature "
                + (temperature < 0.01 ? "\(temperature)" : temperature.rounded(to: 3))
                + (temperatureIsKnown ? "" : " (the best for these embeddings; --temperature names the training's)")
        ]
        if let labelled {
            lines.append(
                "\(labelled) of the pairs have a class; what is said of classes leaves out the other \(pairs - labelled)"
            )
        }
        if findings.isEmpty { lines.append("nothing is wrong as far as these measurements see") }
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
    /// The measurements under their names.
    var named: [NamedEstimate] {
        var named = [
            NamedEstimate("loss", loss), NamedEstimate("bound", bound), NamedEstimate("ceiling", Estimate(ceiling)),
            NamedEstimate("best_temperature", Estimate(bestTemperature)), NamedEstimate("best_bound", bestBound),
            NamedEstimate("bound_slope", slope), NamedEstimate("positive_beats_negative", rank),
            NamedEstimate("retrieval", retrieval), NamedEstimate("margin", margin),
            NamedEstimate("alignment", alignment),
            NamedEstimate("uniformity", uniformity), NamedEstimate("negative_distance", spread),
            NamedEstimate("score_deviation", scoreDeviation), NamedEstimate("effective_negatives", effective),
            NamedEstimate("hardest_percent_mass", hardest), NamedEstimate("effective_rank", spectrum.effectiveRank),
            NamedEstimate("rank_me", spectrum.rankMe), NamedEstimate("participation_ratio", spectrum.participation),
            NamedEstimate("transitivity", Estimate(transitivity)), NamedEstimate("alike", alike),
            NamedEstimate("anchors_with_twins", twins),
        ]
        if let collisions { named.append(NamedEstimate("collision_rate", collisions)) }
        if let sameClass { named.append(NamedEstimate("same_class_mass", sameClass)) }
        if let criticGap { named.append(NamedEstimate("critic_gap", criticGap)) }
        named += criticGaps.map { NamedEstimate("critic_gap_\($0.kind.rawValue)", $0.gap) }
        if let rank = run?.encoderRank { named.append(NamedEstimate("encoder_effective_rank", rank)) }
        if let rank = run?.encoderRankMe { named.append(NamedEstimate("encoder_rank_me", rank)) }
        if let colours = run?.colourRetrieval { named.append(NamedEstimate("colour_retrieval", colours)) }
        if let layout = run?.positionRetrieval { named.append(NamedEstimate("position_retrieval", layout)) }
        if let copies = run?.copies { named.append(NamedEstimate("train_test_copies", copies.share)) }
        if let share = run?.boundShare { named.append(NamedEstimate("training_bound_share", Estimate(share))) }
        if let wait = run?.dataWait { named.append(NamedEstimate("data_wait", Estimate(wait))) }
        return named
    }
}
