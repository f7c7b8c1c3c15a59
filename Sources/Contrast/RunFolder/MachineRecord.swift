import Torch
import Views

/// The machine's properties on which a run's rounding depends.
struct MachineRecord: Codable, Equatable, Sendable {
    var threads: Int
    var ranks: Int
    /// `cpu` or `cuda`.
    var device: String
    var libtorch: String

    init(_ machine: Machine, ranks: Int) {
        threads = machine.threads
        self.ranks = ranks
        device = machine.device == .cpu ? "cpu" : "cuda"
        libtorch = Runtime.version
    }

    /// A note about what differs from the machine before; nil if nothing does.
    func note(was before: MachineRecord) -> String? {
        var changes: [(was: String, now: String)] = []
        var advice: [String] = []
        if device != before.device {
            changes.append(("on \(before.device)", "on \(device)"))
            advice.append("--device \(before.device)")
        }
        // On a GPU they do not affect rounding.
        if threads != before.threads, device == "cpu", before.device == "cpu" {
            changes.append((counted(before.threads, "thread"), counted(threads, "thread")))
            advice.append("--threads \(before.threads)")
        }
        if ranks != before.ranks {
            changes.append((counted(before.ranks, "process", "processes"), counted(ranks, "process", "processes")))
        }
        if libtorch != before.libtorch {
            changes.append(("libtorch \(before.libtorch)", "libtorch \(libtorch)"))
        }
        guard !changes.isEmpty else { return nil }
        let list = changes.map { "\($0.now) (\($0.was) until now)" }.joined(separator: ", ")
        let remedy = advice.isEmpty ? "" : "; \(advice.joined(separator: " ")) computes as before"
        return "\(list): sums are rounded differently, so the run continues, but not bit for bit\(remedy)"
    }
}
