import Foundation

/// The teacher's distributions are nearly uniform: they say nothing about the sample.
enum UniformTargets: Check {
    static let code = "uniform_targets"
    static let scope = CheckScope.prevention

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let prevention = evidence.prevention, prevention.judged.contains(.targets), let use = evidence.prototypes
        else { return .clear }
        let most = log(Double(use.prototypes))
        return (use.entropy.map { $0 / most } >= Thresholds.uniformTargets).verdict(evidence) {
            Finding(
                code: code, severity: .critical, title: "Uniform targets",
                numbers: [
                    NamedValue("assignment_entropy", use.entropy),
                    NamedValue("assignment_information", use.information),
                ],
                evidence: "The entropy of a target is \(use.entropy.value.rounded(to: 3)) of log \(use.prototypes) = "
                    + "\(most.rounded(to: 3)) nats: all prototypes are alike to the teacher, whose temperature is too "
                    + "high for the range of its cosines.",
                remedy: ["method: {dino: {teacher_temperature: {from: 0.02, to: 0.04}}}"], paper: prevention.paper)
        }
    }
}
