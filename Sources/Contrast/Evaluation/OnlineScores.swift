/// A score by which epochs of a run are compared.
public enum BestScore: String, Codable, Sendable, CaseIterable {
    /// kNN on held-out images.
    case knn
    /// The linear probe on held-out images.
    case probe
    /// RankMe, without labels: the larger, the better.
    case rankMe = "rankme"
    /// The exponent of the eigenvalues' decay, without labels: the nearer to 1, the better.
    case alphaReQ = "alpha_req"

    /// Whether it is measured without labels.
    var isLabelFree: Bool { self == .rankMe || self == .alphaReQ }
}

/// Scores of an encoder during training; nil where they were not measured.
struct OnlineScores: Equatable, Sendable {
    /// kNN on held-out images, top-1 in 0...1.
    var knn: Double?
    /// The same of the encoder's moving average.
    var averageKNN: Double?
    /// Linear probe on held-out images, top-1 in 0...1.
    var probe: Double?
    /// RankMe of the features of training images.
    var rankMe: Double?
    /// The exponent of their eigenvalues' decay.
    var alphaReQ: Double?

    /// A score of which more is better.
    subscript(score: BestScore) -> Double? {
        switch score {
        case .knn: knn
        case .probe: probe
        case .rankMe: rankMe
        case .alphaReQ: alphaReQ.map { -abs($0 - 1) }
        }
    }
}
