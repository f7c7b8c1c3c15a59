import Commands
import Contrast
import Foundation
import Torch

extension Machine {
    /// The machine for the options.
    init(_ options: ComputeOptions) throws {
        try self.init(options.device, threads: options.threads)
    }

    /// The machine for the options, with this process's share of the processors and its GPU if several processes run
    /// there.
    init(_ options: ComputeOptions, of place: JobEnvironment) throws {
        let processes = place.ranks > 1 ? place.localRanks ?? 1 : 1
        let share = processes > 1 ? max(1, ProcessInfo.processInfo.activeProcessorCount / processes) : nil
        let devices = Runtime.cudaDevices
        var rank = place.localRank
        if place.isJob, options.device != .cpu, devices > 0 {
            let ranks = max(processes, rank + 1)
            // Only on request: two ranks on one GPU are slower than one.
            if place.backend == .gloo { rank %= devices }
            guard place.backend == .gloo || ranks <= devices else {
                throw Failure(
                    .unusable,
                    "--device: \(ranks) processes of this machine need a GPU each, but libtorch finds \(devices); "
                        + "start \(devices) per machine, use --device cpu, or share GPUs with DIPTYCH_BACKEND=gloo")
            }
        }
        try self.init(options.device, threads: options.threads ?? share, rank: rank)
    }

    /// The machine for a choice of device.
    /// - Parameter rank: this process's rank on its machine, which selects its GPU; torchrun's LOCAL_RANK if nil.
    init(_ choice: DeviceChoice, threads: Int?, rank: Int? = nil) throws {
        let devices = Runtime.cudaDevices
        let rank = rank ?? ProcessInfo.processInfo.environment["LOCAL_RANK"].flatMap(Int.init) ?? 0
        let device: Device
        switch choice {
        case .cpu: device = .cpu
        case .auto: device = devices > rank ? .cuda(rank) : .cpu
        case .cuda:
            guard devices > rank else {
                throw Failure(
                    .unusable,
                    "--device cuda: libtorch \(Runtime.version) sees \(devices) GPUs; "
                        + "build with LIBTORCH=/path/to/a/CUDA/torch, or use --device cpu")
            }
            device = .cuda(rank)
        }
        self.init(device: device, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    }
}
