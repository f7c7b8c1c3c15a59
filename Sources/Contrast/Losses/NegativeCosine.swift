import Torch

/// `-cos(x, y)`, the mean over rows: the attraction of methods without negatives. -1 if all rows are equal.
struct NegativeCosine: Loss {
    func candidates(pairs: Int) -> Int? { nil }

    func callAsFunction(_ first: Tensor, _ second: Tensor, labels: LabelSets?) throws(TorchError) -> Tensor {
        try -(first.widened().normalizedRows() * second.widened().normalizedRows()).sum(dim: 1).mean()
    }
}
