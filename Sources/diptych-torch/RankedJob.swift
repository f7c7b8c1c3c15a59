import Commands
import Foundation
import Torch

/// This process's rank among those that a launcher started together, and their communication.
struct RankedJob {
    let place: JobEnvironment
    /// The group of processes; nil for a single process.
    let group: ProcessGroup?

    /// Whether this process writes output and files for all.
    var isFirst: Bool { place.rank == 0 }

    /// Joins the other processes and runs `body`. They are told the reason if it fails.
    static func run(_ body: (RankedJob) throws -> Void) throws {
        let place = try JobEnvironment(ProcessInfo.processInfo.environment)
        guard place.isJob else { return try body(RankedJob(place: place, group: nil)) }
        let group = try ProcessGroup(place)
        try group.guarding { try body(RankedJob(place: place, group: group)) }
    }

    /// Rank 0's text.
    func broadcast(_ own: String) throws -> String { try group?.allGather(own)[0] ?? own }

    /// Rank 0's answer.
    func broadcast(_ own: Bool) throws -> Bool { try broadcast(own ? "yes" : "no") == "yes" }

    /// Connects the ranks' GPUs, if all ranks have one.
    /// - Throws: `Failure` if some have one and some do not, or the backend does not fit.
    func connect(_ device: Device) throws {
        guard let group else { return }
        let kinds = try group.allGather(device == .cpu ? "the processor" : "a GPU")
        if let other = kinds.firstIndex(where: { $0 != kinds[0] }) {
            throw Failure(
                .unusable,
                "--device: rank \(other) would train on \(kinds[other]), rank 0 on \(kinds[0]); use --device cpu, or cuda"
            )
        }
        if place.backend == .nccl, device == .cpu || !ProcessGroup.hasNCCL {
            throw Failure(
                .unusable,
                "DIPTYCH_BACKEND: nccl needs "
                    + (ProcessGroup.hasNCCL ? "--device cuda" : "a build with NCCL, see docs/scale.md"))
        }
        if device != .cpu, ProcessGroup.hasNCCL, place.backend != .gloo { try group.useNCCL(on: device) }
    }
}
