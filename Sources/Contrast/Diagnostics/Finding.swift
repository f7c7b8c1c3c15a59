/// How much a finding matters.
public enum Severity: String, Codable, Sendable {
    /// The run is worth nothing as it is.
    case critical
    /// The run learns less than it could.
    case warning
    /// Worth knowing.
    case note
}

/// A measured number under its name.
public struct NamedEstimate: Codable, Equatable, Sendable {
    /// What was measured, as in `effective_rank`.
    public var name: String
    /// The number with its interval.
    public var estimate: Estimate

    /// Makes a value.
    public init(_ name: String, _ estimate: Estimate) {
        self.name = name
        self.estimate = estimate
    }
}

/// One thing that is wrong with a run, why it is thought so, and what to do.
public struct Finding: Codable, Equatable, Sendable {
    /// Which thing, as in `weak_critic`.
    public var code: String
    /// How much it matters.
    public var severity: Severity
    /// The thing in a few words.
    public var title: String
    /// The numbers that decided.
    public var numbers: [NamedEstimate]
    /// How the numbers lead to it, in a sentence.
    public var evidence: String
    /// What to change, as lines of the pipeline file; comments where no setting is to blame.
    public var remedy: [String]
    /// Who showed it, with the arXiv identifier.
    public var paper: String

    /// Makes a finding.
    public init(
        _ code: String, _ severity: Severity, _ title: String, numbers: [NamedEstimate], evidence: String,
        remedy: [String], paper: String
    ) {
        self.code = code
        self.severity = severity
        self.title = title
        self.numbers = numbers
        self.evidence = evidence
        self.remedy = remedy
        self.paper = paper
    }
}

/// What a check came to.
public enum Verdict: Equatable, Sendable {
    /// The thing is wrong.
    case found(Finding)
    /// It is not, as far as can be measured here.
    case clear
    /// The sample is too small to say, or something needed is not there; in words.
    case undecided(String)
}

/// One thing that can be wrong, judged from what was measured. To add one: a file, and its name in `checks`.
public protocol Check: Sendable {
    /// The code of its finding.
    static var code: String { get }

    /// Whether what it judges has a meaning only where pairs were contrasted.
    static var needsContrast: Bool { get }

    /// Judges; no measuring is done here.
    static func judge(_ evidence: Evidence) -> Verdict
}

extension Check {
    /// Most do.
    public static var needsContrast: Bool { true }
}

/// All checks, causes before what they entail: a collapsed run is at chance too, but the collapse is what to mend.
public let checks: [any Check.Type] = [
    CompleteCollapse.self, WeakCritic.self, WeakAugmentation.self, StrongAugmentation.self, SmallTemperature.self,
    Chance.self, FalseNegatives.self, DimensionalCollapse.self, LargeTemperature.self, Duplicates.self,
    CopiesAcross.self, SmallDataSet.self, Saturation.self, StarvedTrainer.self, ClassImbalance.self,
]

/// Whether a condition holds, given how well its number is known.
enum Truth: Equatable {
    case yes
    case no
    /// The number is beyond the threshold, but its interval reaches back over it.
    case unsure

    static func && (a: Truth, b: Truth) -> Truth {
        if a == .no || b == .no { return .no }
        return a == .yes && b == .yes ? .yes : .unsure
    }

    static func || (a: Truth, b: Truth) -> Truth {
        if a == .yes || b == .yes { return .yes }
        return a == .no && b == .no ? .no : .unsure
    }

    init(_ holds: Bool) { self = holds ? .yes : .no }
}

extension Estimate {
    /// Whether the number is at least a threshold.
    static func >= (estimate: Estimate, threshold: Double) -> Truth {
        if estimate.low >= threshold { return .yes }
        return estimate.value < threshold ? .no : .unsure
    }

    /// Whether the number is below a threshold.
    static func < (estimate: Estimate, threshold: Double) -> Truth {
        if estimate.high < threshold { return .yes }
        return estimate.value >= threshold ? .no : .unsure
    }
}

extension Truth {
    /// The verdict that a truth stands for.
    func verdict(_ evidence: Evidence, _ finding: () -> Finding) -> Verdict {
        switch self {
        case .yes: return .found(finding())
        case .no: return .clear
        case .unsure:
            let likely = finding()
            let numbers = likely.numbers.map { "\($0.name) \($0.estimate)" }.joined(separator: ", ")
            return .undecided(
                "\(likely.title.lowercased())? \(evidence.pairs) pairs are too few to say (\(numbers))")
        }
    }
}

extension Estimate: CustomStringConvertible {
    /// `0.53 (0.50 to 0.56)`, or the number alone where it has no interval.
    public var description: String {
        let digits = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 0.1 ? 2 : 4
        func text(_ number: Double) -> String { number.rounded(to: digits) }
        return low == high ? text(value) : "\(text(value)) (\(text(low)) to \(text(high)))"
    }
}
