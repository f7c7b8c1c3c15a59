import Torch
import Views

/// Compares a training step on a device with the same step on the CPU, in each precision.
public enum DeviceCheck {
    /// Relative differences of a step's results from the CPU's in float32.
    public struct Distances: Equatable, Sendable {
        /// The precision on the device.
        public var precision: Precision
        /// `|loss - loss'| / |loss'|`.
        public var loss: Double
        /// `|g - g'| / |g'|` over all gradients together.
        public var gradient: Double
    }

    private static let pairs = 32

    /// Runs one step of SimCLR, from bytes to gradients, with a ResNet-18 of width 16 on noise.
    /// - Throws: `TorchError`, for instance if the device cannot be used.
    public static func run(on device: Device) throws(TorchError) -> [Distances] {
        let wanted = try step(on: .cpu, .float32)
        var distances: [Distances] = []
        for precision in Precision.allCases {
            let found = try step(on: device, precision)
            var (apart, length) = (0.0, 0.0)
            for (a, b) in zip(found.gradients, wanted.gradients) {
                apart += try (a - b).pow(2).sum().item()
                length += try b.pow(2).sum().item()
            }
            distances.append(
                Distances(
                    precision: precision, loss: abs(found.loss - wanted.loss) / abs(wanted.loss),
                    gradient: (apart / length).squareRoot()))
        }
        return distances
    }

    private static func step(
        on device: Device, _ precision: Precision
    ) throws(TorchError) -> (loss: Double, gradients: [Tensor]) {
        var architecture = ResNet18()
        (architecture.stem, architecture.width) = (.small, 16)
        let model = try SimCLR().build(encoder: architecture, generator: Generator(seed: 1))
        try model.move(to: device, channelsLast: true)
        try Runtime.allowTF32(precision != .float32)
        defer { try? Runtime.allowTF32(false) }
        let source = try Generator(seed: 2).uniform([2 * pairs, 16, 16, Image.channels], 0, 256).to(.uint8)
        let scale = Normalize().affine
        let factors = try Tensor(scale.map(\.factor), shape: [scale.count]).to(device: device)
        let offsets = try Tensor(scale.map(\.offset), shape: [scale.count]).to(device: device)
        var placed = source
        if device != .cpu {
            let stream = try CopyStream(device)
            placed = try stream.upload(source)
            try stream.join()
        }
        let images = try placed.normalizedPictures(factors: factors, offsets: offsets)
        let objective = try model.objective(
            ContrastiveBatch(branches: [ViewTensor(images: images, count: 2)], precision: precision))
        try objective.loss.backward()
        var gradients: [Tensor] = []
        for (_, parameter) in model.namedParameters {
            guard let gradient = try parameter.value.grad() else { continue }
            gradients.append(try gradient.to(device: .cpu).to(.float64))
        }
        return (try objective.loss.item(), gradients)
    }
}
