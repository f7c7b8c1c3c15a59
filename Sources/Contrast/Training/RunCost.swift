import Files
import Foundation
import Torch
import Views

/// What a run will cost, by a few steps that are thrown away.
public struct RunCost: Codable, Equatable, Sendable, CustomStringConvertible {
    /// Images that the encoder is trained on.
    public var images: Int
    /// Images that are held out; nil without any.
    public var heldOut: Int?
    /// Images of a step, those of all ranks.
    public var batch: Int
    /// Views of an image.
    public var views: Int
    /// Steps of an epoch.
    public var stepsOfEpoch: Int
    /// Epochs.
    public var epochs: Int
    /// Trained parameters, those of the encoder included.
    public var parameters: Int
    /// The encoder's parameters.
    public var encoderParameters: Int
    /// Bytes of a checkpoint, about.
    public var checkpoint: Int
    /// Where the networks are.
    public var device: String
    /// Bytes of main memory that this process had at most.
    public var memory: Int?
    /// Bytes of the GPU's memory that were taken; nil on a CPU, or if the GPU's library does not say.
    public var deviceMemory: Int?
    /// Milliseconds of a step.
    public var milliseconds: Double
    /// The share of the time spent waiting for the loader.
    public var dataWait: Double

    /// The steps of the run.
    public var steps: Int { stepsOfEpoch * epochs }

    /// Seconds of the run, without kNN scores and checkpoints.
    public var seconds: Double { Double(steps) * milliseconds / 1e3 }

    /// Lines for people.
    public var description: String {
        func bytes(_ count: Int) -> String {
            count < 1 << 30
                ? String(format: "%.0f MiB", Double(count) / Double(1 << 20))
                : String(format: "%.1f GiB", Double(count) / Double(1 << 30))
        }
        let held = heldOut.map { ", \(grouped($0)) held out" } ?? ""
        let most = [memory.map { bytes($0) }, deviceMemory.map { "\(bytes($0)) of the GPU" }].compactMap { $0 }
        return [
            "images      \(grouped(images))\(held)",
            "a step      \(grouped(batch)) images of \(views) views",
            "steps       \(grouped(stepsOfEpoch)) an epoch, \(grouped(steps)) in \(grouped(epochs)) epochs",
            "parameters  \(grouped(parameters)), of which the encoder has \(grouped(encoderParameters)); "
                + "a checkpoint has about \(bytes(checkpoint))",
            "memory      \(most.isEmpty ? "unknown" : "about \(most.joined(separator: ", "))")",
            String(
                format: "time        %.1f ms a step on %@, waiting for data %.0f%% of it", milliseconds, device,
                dataWait * 100),
            "            \(RunCost.words(seconds)) in all, without kNN scores and checkpoints",
        ].joined(separator: "\n")
    }

    private static func words(_ seconds: Double) -> String {
        seconds < 90
            ? String(format: "%.0f s", seconds)
            : seconds < 5400 ? String(format: "%.0f min", seconds / 60) : String(format: "%.1f h", seconds / 3600)
    }
}

extension StepBench {
    /// Measures a few steps of a run, for no longer than about `limit` seconds after the first ones; nothing is written.
    /// - Throws: `TrainingError`, `InvalidSetting`, `LoaderError`, `TorchError`, `FileError`.
    public func cost(
        of experiment: Experiment, images: TrainingImages, machine: Machine, group: ProcessGroup? = nil,
        limit: Double = 15
    ) throws -> RunCost {
        let before = RunCost.freeMemory(of: machine.device)
        let (setup, feed) = try prepare(experiment, images: images.train, machine: machine, group: group)
        defer { feed.loader.stop() }
        let step = try TrainingStep(setup)
        _ = try take(2, step, setup, feed, factor: 0)
        try Runtime.synchronize(machine.device)
        let (waited, start) = (feed.loader.waitSeconds, ContinuousClock.now)
        var count = 0
        // All ranks take the same number of steps: with several, time does not decide.
        while count < steps, count == 0 || group != nil || (ContinuousClock.now - start).seconds < limit {
            _ = try take(1, step, setup, feed, factor: 0)
            count += 1
        }
        try Runtime.synchronize(machine.device)
        let seconds = (ContinuousClock.now - start).seconds
        let wait = feed.loader.waitSeconds - waited
        let after = RunCost.freeMemory(of: machine.device)
        try setup.ranks.finish()
        let state = setup.model.stateDict.merging(setup.optimizer.state) { first, _ in first }
        return RunCost(
            images: setup.images.count, heldOut: images.heldOut?.count, batch: setup.sampler.batch * setup.ranks.size,
            views: setup.pipeline.viewCount, stepsOfEpoch: setup.sampler.batches, epochs: experiment.training.epochs,
            parameters: setup.model.namedParameters.filter { $0.parameter.isTrained }.reduce(0) {
                $0 + $1.parameter.value.count
            },
            encoderParameters: setup.model.encoder.namedParameters.reduce(0) { $0 + $1.parameter.value.count },
            checkpoint: state.values.reduce(0) { $0 + $1.count * 4 }, device: "\(machine.device)",
            memory: RunCost.peakMemory(), deviceMemory: before.flatMap { free in after.map { max(0, free - $0) } },
            milliseconds: seconds / Double(count) * 1e3, dataWait: wait / seconds)
    }
}

extension RunCost {
    /// The largest number of bytes of main memory that this process has had.
    fileprivate static func peakMemory() -> Int? {
        guard let status = try? StoredFile.read("/proc/self/status"),
            let line = String(decoding: status, as: UTF8.self).split(separator: "\n")
                .first(where: { $0.hasPrefix("VmHWM:") }),
            let number = line.split(whereSeparator: \.isWhitespace).dropFirst().first, let kilobytes = Int(number)
        else { return nil }
        return kilobytes << 10
    }

    /// The free bytes of a GPU, by the CUDA runtime that libtorch has loaded; nil if there is none.
    fileprivate static func freeMemory(of device: Device) -> Int? {
        guard device != .cpu, let symbol = dlsym(nil, "cudaMemGetInfo") else { return nil }
        typealias Function = @convention(c) (UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>) -> Int32
        var (free, total) = (0, 0)
        return unsafeBitCast(symbol, to: Function.self)(&free, &total) == 0 ? free : nil
    }
}
