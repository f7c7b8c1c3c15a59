import Torch

/// A second encoder and head that follow the trained ones slowly, and give keys: He et al. 2020, arXiv 1911.05722, section 3.2.
///
/// Begins equal to what it follows. Its batch norm tracks statistics of its own, as in the authors' code.
final class MomentumNetwork: Module {
    let encoder: any Encoder
    let head: any Head
    private let followed: [FollowedParameters]

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
        followed = [
            try FollowedParameters(of: self.encoder, leader: encoder),
            try FollowedParameters(of: self.head, leader: head),
        ]
        try freeze()
    }

    /// Moves the weights by `m own + (1 - m) followed`.
    func follow(momentum: Double) throws(TorchError) {
        for parameters in followed { try parameters.follow(momentum: momentum) }
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
