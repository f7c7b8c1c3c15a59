/// The trainer waits for its data.
enum StarvedTrainer: Check {
    static let code = "starved_trainer"
    static let needsContrast = false

    static func judge(_ evidence: Evidence) -> Verdict {
        guard let wait = evidence.run?.dataWait, wait >= Thresholds.dataWait else { return .clear }
        return .found(
            Finding(
                code, .note, "Starved trainer", numbers: [NamedEstimate("data_wait", Estimate(wait))],
                evidence:
                    "\(wait.percent) of the last passes' time went by waiting for views; diptych bench names the step.",
                remedy: [
                    "# diptych pack IMAGES --output shards/%06d.tar reads faster than single files; or more --threads"
                ],
                paper: "Leclerc et al. 2023, arXiv 2306.12517"))
    }
}
