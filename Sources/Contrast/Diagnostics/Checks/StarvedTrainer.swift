/// The trainer waits for data.
enum StarvedTrainer: Check {
    static let code = "starved_trainer"
    static let scope = CheckScope.all

    static func evaluate(_ evidence: Evidence) -> Verdict {
        guard let wait = evidence.run?.dataWait, wait >= Thresholds.dataWait else { return .clear }
        return .found(
            Finding(
                code: code, severity: .note, title: "Starved trainer",
                numbers: [NamedValue("data_wait", Measured(wait))],
                evidence:
                    "The trainer waited for views \(wait.percent) of the last epochs' time; diptych bench names the "
                    + "slow step.",
                remedy: [
                    "# use more --threads, or diptych pack IMAGES --output shards/%06d.tar: shards are read faster than files"
                ],
                paper: "Leclerc et al. 2023, arXiv 2306.12517"))
    }
}
