/// How much a finding matters.
public enum Severity: String, Codable, Sendable {
    /// The run is useless as it is.
    case critical
    /// The run learns less than it could.
    case warning
    /// Worth knowing.
    case note
}

/// A measurement with its name.
public struct NamedValue: Codable, Equatable, Sendable {
    /// The name, such as `effective_rank`.
    public var name: String
    /// The value with its interval.
    public var estimate: Measured

    /// Names a value.
    public init(_ name: String, _ estimate: Measured) {
        self.name = name
        self.estimate = estimate
    }
}

/// A problem of a run, the evidence for it, and what to do.
public struct Finding: Codable, Equatable, Sendable {
    /// The problem's code, such as `weak_critic`.
    public var code: String
    /// How much it matters.
    public var severity: Severity
    /// The problem's name.
    public var title: String
    /// The measurements that decided.
    public var numbers: [NamedValue]
    /// What the measurements show, in a sentence or two.
    public var evidence: String
    /// What to change: lines of the pipeline file, or comments if no setting is the cause.
    public var remedy: [String]
    /// The papers that describe the problem, with arXiv identifiers.
    public var paper: String
}

/// The result of a check.
public enum Verdict: Equatable, Sendable {
    /// The run has the problem.
    case found(Finding)
    /// The measurements do not show the problem.
    case clear
    /// The sample is too small, or a measurement is missing; the text says which.
    case undecided(String)
}

/// A check for one problem. To add one, add a file and its name in `checks`.
public protocol Check: Sendable {
    /// The code of its finding.
    static var code: String { get }

    /// The runs that it judges.
    static var scope: CheckScope { get }

    /// Decides from the measurements.
    static func evaluate(_ evidence: Evidence) -> Verdict
}

/// The runs that a check judges.
public enum CheckScope: Sendable {
    /// All runs.
    case all
    /// Runs that learn from pairs of views, and embeddings alone.
    case pairs
    /// Those of them whose loss has negatives, and embeddings alone.
    case negatives
    /// Runs of methods without negatives.
    case prevention

    /// Whether it includes what was measured.
    func includes(_ evidence: Evidence) -> Bool {
        switch self {
        case .all: true
        case .pairs: evidence.run?.contrasts ?? true
        case .negatives: evidence.prevention == nil && evidence.run?.contrasts ?? true
        case .prevention: evidence.prevention != nil
        }
    }
}

extension Check {
    /// Most checks apply to pairs with negatives.
    public static var scope: CheckScope { .negatives }
}

/// All checks, causes before consequences: a collapsed run is also at chance, but the collapse is what to fix.
public let checks: [any Check.Type] = [
    UnusedPrototypes.self, UniformTargets.self, LowVariance.self, CompleteCollapse.self, RedundantDimensions.self,
    UnalignedViews.self, WeakCritic.self, WeakAugmentation.self, StrongAugmentation.self, SmallTemperature.self,
    Chance.self, FalseNegatives.self, DimensionalCollapse.self, LargeTemperature.self, Duplicates.self,
    CopiesAcross.self, BelowBaseline.self, SmallDataSet.self, Saturation.self, StarvedTrainer.self, ClassImbalance.self,
]

/// Whether a condition holds, given the confidence interval of its value.
enum Truth: Equatable {
    case yes
    case no
    /// The value meets the condition, but its interval includes the threshold.
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

extension Measured {
    /// Whether the value is at least a threshold.
    static func >= (estimate: Measured, threshold: Double) -> Truth {
        if estimate.low >= threshold { return .yes }
        return estimate.value < threshold ? .no : .unsure
    }

    /// Whether the value is below a threshold.
    static func < (estimate: Measured, threshold: Double) -> Truth {
        if estimate.high < threshold { return .yes }
        return estimate.value >= threshold ? .no : .unsure
    }
}

extension Truth {
    /// The verdict of a check whose condition this is.
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

extension Measured: CustomStringConvertible {
    /// `0.53 (0.50 to 0.56)`, or only the value if it has no interval.
    public var description: String {
        let digits = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 0.1 ? 2 : 4
        func text(_ number: Double) -> String { number.rounded(to: digits) }
        return low == high ? text(value) : "\(text(value)) (\(text(low)) to \(text(high)))"
    }
}
