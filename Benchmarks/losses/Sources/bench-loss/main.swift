import ArgumentParser
import Contrast
import Files
import Foundation
import Torch

/// Times a loss with its gradient, and measures its memory above its inputs.
struct BenchLoss: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench-loss")

    /// What is timed.
    enum Objective: String, ExpressibleByArgument, CaseIterable {
        /// NT-Xent at temperature 0.5.
        case ntXent = "nt_xent"
        /// CLIP's loss at temperature 0.07.
        case clip
        /// NT-Xent's formula over the matrix of scores, as it is written in PyTorch.
        case formula
    }

    private struct Timing: Encodable {
        var loss: Double
        var seconds: [Double]
        var peakMib: Double
        var version: String
    }

    @Argument(help: "Two .npy files of embeddings, float [pairs, dimension].")
    var views: [String]

    @Option(help: "What to time: nt_xent, clip or formula.")
    var loss = Objective.ntXent

    @Option(help: "Times after the first, which counts for memory only.")
    var rounds = 3

    @Option(help: "Threads; all processors by default.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func run() throws {
        try Runtime.setThreads(threads)
        let tensors = try views.map { try BenchLoss.read($0) }
        // libtorch allocates on its first use; that memory is not the loss's.
        _ = try once(tensors.map { try $0.narrow(dim: 0, start: 0, length: min(8, $0.shape[0])) })
        // Linux measures the peak from here on.
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        let before = BenchLoss.memory("VmRSS")
        var timing = Timing(loss: 0, seconds: [], peakMib: 0, version: Runtime.version)
        for round in 0...rounds {
            let start = ContinuousClock.now
            timing.loss = try once(tensors)
            let elapsed = (ContinuousClock.now - start).components
            if round == 0 { timing.peakMib = BenchLoss.memory("VmHWM") - before }
            // The first round also pages memory in.
            guard round > 0 || rounds == 0 else { continue }
            timing.seconds.append(Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(timing), as: UTF8.self))
    }

    /// The loss, after its gradient has reached both views.
    private func once(_ views: [Tensor]) throws -> Double {
        let (first, second) = (try views[0].detach(), try views[1].detach())
        try first.setRequiresGrad()
        try second.setRequiresGrad()
        let loss = try objective(first, second)
        try loss.backward()
        guard try first.grad() != nil, try second.grad() != nil else {
            throw TorchError(operation: "bench-loss", message: "there is no gradient")
        }
        return try loss.item()
    }

    private func objective(_ first: Tensor, _ second: Tensor) throws -> Tensor {
        switch loss {
        case .ntXent: return try NTXent()(first, second, labels: nil)
        case .clip:
            let clip = try CLIPLoss().build(dimension: first.shape[1], generator: Generator(seed: 0))
            return try clip(first, second, labels: nil)
        case .formula:
            let rows = 2 * first.shape[0]
            let z = try Tensor.cat([first, second], dim: 0).normalizedRows()
            let scores = try z.matmul(z.transpose(0, 1)) / 0.5
            let others = try scores.maskedFill(Tensor.eye(rows, dtype: .bool), -.infinity)
            let partners = try Tensor((0..<rows).map { Int64(($0 + rows / 2) % rows) }, shape: [rows, 1])
            let positives = try scores.gather(dim: 1, index: partners).squeeze(1)
            return try (others.logsumexp(dim: 1) - positives).mean()
        }
    }

    private static func read(_ path: String) throws -> Tensor {
        let array = try NpyArray(contentsOf: path)
        guard case .floats(let values) = array.elements, array.shape.count == 2 else {
            throw ValidationError("\(path): must hold floats [pairs, dimension]")
        }
        return try Tensor(values, shape: array.shape).to(.float32)
    }

    /// MiB of this process that Linux reports under `name`.
    private static func memory(_ name: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Double($0) }.map { $0 / 1024 } ?? .nan
    }
}

BenchLoss.main()
