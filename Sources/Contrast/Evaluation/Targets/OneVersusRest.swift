import Torch

/// A logistic regression for each class against all others on standardised features, which predicts sets of labels.
///
/// Minimises `1/2 |w|^2 + C * sum_i log(1 + e^(-t_i (w x_i + b)))` for each class, t the signs; equals scikit-learn's
/// `OneVsRestClassifier(LogisticRegression(C))` after a `StandardScaler`. `LinearProbe` with two classes has two
/// opposite weight vectors of half the length each, so its C is half as large.
struct OneVersusRest {
    /// The predictor of a class.
    private enum Answer {
        case probe(LinearProbe)
        /// A constant, for a class that all training rows have, or none.
        case always(Bool)
    }

    private let answers: [Answer]

    /// Fits the probes. As in scikit-learn, a class that all rows have is always predicted, and one that no row has is
    /// never predicted.
    /// - Parameters:
    ///   - features: `[N, D]`.
    ///   - labels: the classes of each row.
    ///   - classes: the number of classes.
    ///   - cost: C.
    init(
        features: Tensor, labels: [[Int]], classes: Int, cost: Double, progress: (Int) -> Void = { _ in }
    ) throws(TorchError) {
        var answers: [Answer] = []
        for place in 0..<classes {
            let isTrue = labels.map { $0.contains(place) ? 1 : 0 }
            let isMixed = isTrue.contains(1) && isTrue.contains(0)
            answers.append(
                isMixed
                    ? .probe(try LinearProbe(features: features, labels: isTrue, classes: 2, cost: cost / 2))
                    : .always(isTrue.contains(1)))
            progress(place + 1)
        }
        self.answers = answers
    }

    /// The logit of each class for each row; infinite for a class without a probe.
    func scores(_ features: Tensor) throws(TorchError) -> [[Double]] {
        var columns: [[Double]] = []
        for answer in answers {
            let probe: LinearProbe
            switch answer {
            case .probe(let fitted): probe = fitted
            case .always(let yes):
                columns.append([Double](repeating: yes ? .infinity : -.infinity, count: features.shape[0]))
                continue
            }
            let width = features.shape[1]
            let rows = try probe.scaling(features)
            let margins =
                try probe.weights.narrow(dim: 0, start: 1, length: 1)
                - probe.weights.narrow(dim: 0, start: 0, length: 1)
            let slopes = try margins.narrow(dim: 1, start: 0, length: width).transpose(0, 1)
            let intercept = try margins.narrow(dim: 1, start: width, length: 1)
            columns.append(try (rows.matmul(slopes) + intercept).reshape([-1]).toArray())
        }
        return (0..<features.shape[0]).map { row in columns.map { $0[row] } }
    }
}
