import Contrast
import Foundation

/// Shows a run on standard error: one line that is rewritten on a terminal, plain lines elsewhere.
final class Console: TrainingObserver {
    fileprivate let isTerminal = isatty(STDERR_FILENO) == 1
    private var lastShown = ContinuousClock.now - .seconds(60)
    fileprivate var lineIsOpen = false

    func notice(_ message: String) { show(message) }

    func stepped(_ progress: TrainingProgress) {
        let now = ContinuousClock.now
        // A terminal can be redrawn often; a log file should not fill up.
        guard now - lastShown >= (isTerminal ? .milliseconds(200) : .seconds(15)) else { return }
        lastShown = now
        let line = Console.line(progress)
        if isTerminal {
            write("\r\u{1B}[2K\(line)")
            lineIsOpen = true
        } else {
            write(line + "\n")
        }
    }

    func finished(_ epoch: EpochRecord) { show(Console.line(epoch)) }

    /// Writes a line of its own, ending the progress line first.
    func show(_ line: String) {
        write((lineIsOpen ? "\r\u{1B}[2K" : "") + line + "\n")
        lineIsOpen = false
    }

    static func line(_ progress: TrainingProgress) -> String {
        var parts = [
            "epoch \(progress.epoch)/\(progress.epochs)",
            "\(progress.batch)/\(progress.batches)",
            String(format: "%.0f images/s", progress.imagesPerSecond),
            String(format: "loss %.4f", progress.loss),
        ]
        if let bound = progress.bound {
            parts.append(String(format: "MI >= %.2f of %.2f nats", bound, progress.ceiling))
        }
        parts.append(String(format: "data_wait %.1f%%", 100 * progress.dataWait))
        parts.append("\(duration(progress.secondsLeft)) left")
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
        return parts.joined(separator: "  ")
    }

    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "?" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole)s" }
        if whole < 3600 { return String(format: "%dm%02ds", whole / 60, whole % 60) }
        return String(format: "%dh%02dm", whole / 3600, whole / 60 % 60)
    }

    fileprivate func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

extension Console {
    /// Shows a share of some work; on a terminal only.
    func working(_ what: String, share: Double) {
        guard isTerminal else { return }
        write("\r\u{1B}[2K\(what) \(Int(100 * share))%")
        lineIsOpen = true
    }

    /// Takes the progress line away.
    func clear() {
        if lineIsOpen { write("\r\u{1B}[2K") }
        lineIsOpen = false
    }
}
