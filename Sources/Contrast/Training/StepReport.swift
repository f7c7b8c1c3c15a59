import Foundation
import Torch

/// How the time of training steps was spent.
public struct StepReport: Codable, Equatable, Sendable, CustomStringConvertible {
    /// A stage and its time.
    public struct Stage: Codable, Equatable, Sendable {
        /// `data`, `forward`, `loss`, `backward` or `update`.
        public var name: String
        /// The time per step, measured separately, because stages overlap in training.
        public var milliseconds: Double
    }

    /// The device of the network.
    public var device: String
    /// libtorch's version.
    public var libtorch: String
    /// The threads of an operation.
    public var threads: Int
    /// The processes that train together; the operations and stages are this one's.
    public var ranks: Int
    /// The precision of the networks.
    public var precision: Precision
    /// The images of a step, over all ranks.
    public var pairs: Int
    /// The views of an image.
    public var views: Int
    /// The time of a step.
    public var milliseconds: Double
    /// Images (not views) per second.
    public var pairsPerSecond: Double
    /// The share of the time spent waiting for the loader.
    public var dataWait: Double
    /// The stages, in their order.
    public var stages: [Stage]
    /// 1e9 operations of products and convolutions per second, counted as if computed directly. Transforms that need
    /// fewer operations can raise it above the peak.
    public var gflops: Double
    /// The rate of a large matrix product, in the same unit.
    public var peakGflops: Double

    /// A table for display.
    public var description: String {
        let total = stages.reduce(0) { $0 + $1.milliseconds }
        var lines = [
            "\(device), libtorch \(libtorch), \(precision.rawValue), \(threads) threads"
                + (ranks > 1 ? " in each of \(ranks) processes" : "") + ": \(pairs) images of \(views) views a step",
            String(
                format: "%.1f ms a step, %.1f pairs/s, waiting for data %.1f%% of the time", milliseconds,
                pairsPerSecond, dataWait * 100),
            String(
                format: "%.0f of %.0f GFLOP/s of a large matrix product (%.0f%%)", gflops, peakGflops,
                gflops / peakGflops * 100),
            "stage by stage, ms of a step:",
        ]
        for stage in stages {
            let name = stage.name.padding(toLength: 10, withPad: " ", startingAt: 0)
            lines.append(
                String(
                    format: "  \(name) %8.2f  %4.1f%%", stage.milliseconds, stage.milliseconds / max(total, 1e-9) * 100)
            )
        }
        return lines.joined(separator: "\n")
    }
}
