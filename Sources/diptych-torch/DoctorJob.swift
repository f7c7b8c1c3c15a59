import Commands
import Contrast
import Files
import Foundation
import Torch

/// Prints what `diptych doctor` reports about libtorch and the device.
struct DoctorJob {
    func run() throws {
        let device = try Machine(DeviceChoice.auto, threads: nil).device
        var found = DoctorCommand.TorchFindings(
            libtorch: Runtime.version, libtorchPath: Runtime.libraryPath, device: "\(device)")
        if device != .cpu {
            found.norm = Runtime.fusesNorm(on: device) ? "fused" : "plain"
            // A GPU is trusted only after its results were compared with the CPU's.
            found.check = [:]
            for distances in try DeviceCheck.run(on: device) {
                found.check?[distances.precision.rawValue] =
                    "loss \(text(distances.loss)), gradient \(text(distances.gradient))"
            }
        }
        try Output.result(try JSON.line(found))
    }

    private func text(_ distance: Double) -> String { distance.formatted(.number.precision(.significantDigits(2))) }
}
