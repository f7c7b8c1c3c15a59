import Commands
import Contrast
import Foundation
import Torch

extension Machine {
    /// The machine that the options name, with its share of the processors where several processes run on it.
    init(_ options: ComputeOptions, sharedBy processes: Int = 1) throws {
        let share = processes > 1 ? max(1, ProcessInfo.processInfo.activeProcessorCount / processes) : nil
        try self.init(options.device, threads: options.threads ?? share)
    }

    /// The machine that a choice comes to here.
    init(_ choice: DeviceChoice, threads: Int?) throws {
        let devices = Runtime.cudaDevices
        // torchrun numbers the processes of a machine.
        let rank = ProcessInfo.processInfo.environment["LOCAL_RANK"].flatMap(Int.init) ?? 0
        let device: Device
        switch choice {
        case .cpu: device = .cpu
        case .auto: device = devices > rank ? .cuda(rank) : .cpu
        case .cuda:
            guard devices > rank else {
                throw Failure(
                    .unusable,
                    "--device cuda: libtorch \(Runtime.version) sees \(devices) GPUs; "
                        + "build with LIBTORCH=/path/to/a/CUDA/torch, or take --device cpu")
            }
            device = .cuda(rank)
        }
        self.init(device: device, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    }
}
