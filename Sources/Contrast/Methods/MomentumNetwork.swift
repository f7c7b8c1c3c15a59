import Torch

/// A second encoder and head that follow the trained ones slowly, and give keys: He et al. 2020, arXiv 1911.05722, section 3.2.
///
/// Begins equal to what it follows. Its batch norm tracks statistics of its own, as in the authors' code.
final class MomentumNetwork: Module {
    let encoder: any Encoder
    let head: any Head

    /// Makes a copy, without a gradient, of networks that `architecture` and `settings` describe.
    init(
        of encoder: any Encoder, _ head: any Head, architecture: any EncoderArchitecture,
        settings: any HeadArchitecture
    ) throws(TorchError) {
        // The copy's own weights are drawn apart, for they are overwritten.
        let generator = try Generator(seed: 0)
        self.encoder = try architecture.build(generator: generator)
        self.head = try settings.build(inputs: encoder.dimension, generator: generator)
        do {
            try self.encoder.load(stateDict: encoder.stateDict)
            try self.head.load(stateDict: head.stateDict)
        } catch {
            throw TorchError(operation: "copy", message: "\(error)")
        }
        try freeze()
    }

    /// Moves the weights by `m own + (1 - m) followed`.
    func follow(_ encoder: any Encoder, _ head: any Head, momentum: Double) throws(TorchError) {
        try self.encoder.follow(encoder, momentum: momentum)
        try self.head.follow(head, momentum: momentum)
    }

    /// The keys of images, without a gradient.
    func callAsFunction(
        _ images: Tensor, parts: BatchParts, of batch: ContrastiveBatch
    ) throws(TorchError) -> Tensor {
        try withoutGradients { () throws(TorchError) in
            try parts(images) { (part: Tensor) throws(TorchError) in
                try batch.pass(part, through: [self]) { [self] chunk throws(TorchError) in
                    try head(encoder(chunk, training: true), training: true)
                }
            }
        }
    }
}
