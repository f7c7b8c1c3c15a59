import Commands
import Contrast
import Files
import Foundation
import Torch

/// `diptych bench-loss`: the seconds of a loss with its gradient, and the memory above its inputs.
struct BenchLossJob {
    private struct Report: Encodable {
        var loss: Double
        var seconds: [Double]
        var peakMib: Double
        var version: String
    }

    private let options: BenchLoss

    init(_ options: BenchLoss) { self.options = options }

    func run() throws {
        let threads = options.threading.count ?? ProcessInfo.processInfo.activeProcessorCount
        try Runtime.setThreads(threads)
        let views = try options.views.map { try BenchLossJob.read($0) }
        // What libtorch sets up on its first use is not the loss's.
        _ = try once(views.map { try $0.narrow(dim: 0, start: 0, length: min(8, $0.shape[0])) })
        // Linux measures the peak from here on anew.
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        let before = BenchLossJob.memory("VmRSS")
        var value = 0.0
        var seconds: [Double] = []
        var peak = 0.0
        for round in 0...options.rounds {
            let start = ContinuousClock.now
            value = try once(views)
            let elapsed = (ContinuousClock.now - start).components
            if round == 0 { peak = BenchLossJob.memory("VmHWM") - before }
            // The first time also pages in what later ones find.
            guard round > 0 || options.rounds == 0 else { continue }
            seconds.append(Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys]
        let report = Report(loss: value, seconds: seconds, peakMib: peak, version: Runtime.version)
        try Output.result(try encoder.encode(report) + Data([0x0A]))
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
        switch options.loss {
        case .ntXent: return try NTXent()(first, second, labels: nil)
        case .clip:
            let clip = try CLIPLoss().build(dimension: first.shape[1], generator: Generator(seed: 0))
            return try clip(first, second, labels: nil)
        case .formula:
            let rows = 2 * first.shape[0]
            let z = try Tensor.cat([first, second], dim: 0).normalizedRows()
            let scores = try z.matmul(z.transpose(0, 1)) / 0.5
            let others = try scores.maskedFill(Tensor.eye(rows, dtype: .bool), -.infinity)
            let places = (0..<rows).map { Int64(($0 + rows / 2) % rows) }
            let partners = try Tensor(places, shape: [rows, 1])
            let positives = try scores.gather(dim: 1, index: partners).squeeze(1)
            return try (others.logsumexp(dim: 1) - positives).mean()
        }
    }

    private static func read(_ path: String) throws -> Tensor {
        let array = try NpyArray(contentsOf: path)
        guard case .floats(let values) = array.elements, array.shape.count == 2 else {
            throw Failure(.data, "\(path): must hold floats [pairs, dimension]")
        }
        return try Tensor(values, shape: array.shape).to(.float32)
    }

    /// MiB that Linux says of this process under a name.
    private static func memory(_ name: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Double($0) }.map { $0 / 1024 } ?? .nan
    }
}
