import CTorch

/// Batch normalisation over the channels (dimension 1) of `[N, C]` or `[N, C, H, W]`: Ioffe & Szegedy 2015.
///
/// Training uses the batch's statistics and updates the running ones by `momentum`; otherwise the running ones are
/// used. Momentum 0.1 and epsilon 1e-5 as in PyTorch.
public final class BatchNorm: Module {
    let weight: Parameter
    let bias: Parameter
    let runningMean: Buffer
    let runningVar: Buffer
    let numBatchesTracked: Buffer
    /// The ranks that share a batch in training; nil for this process alone.
    var group: ProcessGroup?
    /// The kernels of training.
    var kernels = Kernels.fastest

    /// Makes a layer with weight 1 and bias 0.
    public init(_ channels: Int) throws(TorchError) {
        weight = try Parameter(.ones([channels]))
        bias = try Parameter(.zeros([channels]))
        runningMean = Buffer(try .zeros([channels]))
        runningVar = Buffer(try .ones([channels]))
        numBatchesTracked = Buffer(try .zeros([], dtype: .int64))
    }

    /// The normalised input, plus a shortcut of the same shape, then the activation.
    ///
    /// In float32 training on the CPU the addition and the activation are nearly free here: they share the passes over
    /// memory of the normalisation and its gradient.
    /// - Throws: `TorchError`, in training also if a channel has only one value; nothing is then changed.
    public func callAsFunction(
        _ x: Tensor, training: Bool, then activation: Activation = .none, adding shortcut: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        var result: Tensor
        if training, group == nil {
            result = try make("batch_norm") {
                ctorch_batch_norm_fused(
                    x.handle, weight.value.handle, bias.value.handle, runningMean.value.handle, runningVar.value.handle,
                    shortcut?.handle, activation.code, 0.1, 1e-5, kernels.code, $0)
            }
        } else {
            result = try separate(x, training: training)
            if let shortcut { result = try result + shortcut }
            result = try activation.inPlace(result)
        }
        // As int64, because float32 stops counting at 2^24.
        if training { try check("increment", ctorch_increment(numBatchesTracked.value.handle)) }
        return result
    }

    /// The normalised input without shortcut and activation.
    private func separate(_ x: Tensor, training: Bool) throws(TorchError) -> Tensor {
        try make("batch_norm") {
            if training, let group {
                return ctorch_group_batch_norm(
                    group.handle, x.handle, weight.value.handle, bias.value.handle, runningMean.value.handle,
                    runningVar.value.handle, 0.1, 1e-5, $0)
            }
            return ctorch_batch_norm(
                x.handle, weight.value.handle, bias.value.handle, runningMean.value.handle, runningVar.value.handle,
                training, 0.1, 1e-5, $0)
        }
    }
}
