import Commands
import Contrast
import Foundation

/// Shows a run on standard error: one line that is overwritten on a terminal, plain lines elsewhere.
final class Console: TrainingObserver {
    private let status = StatusLine()
    private var lastShown = ContinuousClock.now - .seconds(60)

    func notice(_ message: String) { status.note(message) }

    func stepped(_ progress: TrainingProgress) {
        guard !status.isLive else { return status.show(Console.line(progress)) }
        // Fewer lines for a log file.
        let now = ContinuousClock.now
        guard now - lastShown >= .seconds(15) else { return }
        lastShown = now
        status.note(Console.line(progress))
    }

    func finished(_ epoch: EpochRecord) { status.note(Console.line(epoch)) }

    /// Shows some work and, if known, how much of it is done; on a terminal only.
    func working(_ what: String, share: Double?) {
        status.show(what + (share.map { " \(Int(100 * $0))%" } ?? ""))
    }

    /// Clears the progress line.
    func clear() { status.clear() }

    static func line(_ progress: TrainingProgress) -> String {
        var parts = [
            "epoch \(progress.epoch)/\(progress.epochs)",
            "\(progress.batch)/\(progress.batches)",
            String(format: "%.0f images/s", progress.imagesPerSecond),
            String(format: "loss %.4f", progress.loss),
            // The least important comes last, since a narrow terminal cuts the end.
            "\(duration(progress.secondsLeft)) left",
            String(format: "data_wait %.1f%%", 100 * progress.dataWait),
        ]
        if let bound = progress.bound {
            parts.append(String(format: "MI >= %.2f of %.2f nats", bound, progress.ceiling))
        }
        return parts.joined(separator: "  ")
    }

    static func line(_ epoch: EpochRecord) -> String {
        var parts = ["epoch \(epoch.epoch)", String(format: "loss %.4f", epoch.trainLoss)]
        if let bound = epoch.miBound { parts.append(String(format: "MI >= %.2f of %.2f nats", bound, epoch.miCeiling)) }
        if let alignment = epoch.alignment { parts.append(String(format: "alignment %.3f", alignment)) }
        if let uniformity = epoch.uniformity { parts.append(String(format: "uniformity %.3f", uniformity)) }
        if let rank = epoch.effectiveRank { parts.append(String(format: "rank %.1f", rank)) }
        parts.append(String(format: "%.0f images/s", epoch.imagesPerSecond))
        parts.append(String(format: "data_wait %.1f%%", 100 * epoch.dataWait))
        if let accuracy = epoch.valKnnTop1 { parts.append(String(format: "kNN %.1f%%", 100 * accuracy)) }
        if let accuracy = epoch.valKnnTop1Ema { parts.append(String(format: "kNN of ema %.1f%%", 100 * accuracy)) }
        if let accuracy = epoch.valProbeTop1 { parts.append(String(format: "probe %.1f%%", 100 * accuracy)) }
        return parts.joined(separator: "  ")
    }

    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "?" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole)s" }
        if whole < 3600 { return String(format: "%dm%02ds", whole / 60, whole % 60) }
        return String(format: "%dh%02dm", whole / 3600, whole / 60 % 60)
    }
}
