/// The thresholds of all checks, with the values seen in experiments: the conditions of `docs/diagnose.md`, made with
/// other seeds and sizes than the tests use.
public enum Thresholds {
    /// 1 - mean cosine of negatives below which all embeddings are one point. Random networks have 0.005 to 0.15.
    public static let collapseSpread = 0.002
    /// Squared distance of positives over that of negatives below which the two views are the same image. Trained
    /// networks have 0.05 to 0.6, a random one on flipped images 0.02.
    public static let identical = 0.01
    /// The share of negatives that a positive must beat; chance is 0.5. Two tight classes without information inside
    /// them give 0.75, so a smaller share is less than one bit for all that a pair shares.
    public static let strongRank = 0.75
    /// The share of negatives beaten below which the cosine shows nothing that pairs share.
    public static let chanceRank = 0.55
    /// The share of the ceiling below which a bound is negligible.
    public static let chanceBound = 0.05
    /// Mean cosine of positives minus that of negatives below which the embeddings are still in the cone of random
    /// weights (0.005 to 0.05). Trained networks have 0.3 to 1.
    public static let coneMargin = 0.1
    /// 1 - mean cosine of negatives below which embeddings lie in a cone: 0.005 to 0.15 untrained, 0.6 to 1 trained.
    public static let coneSpread = 0.3
    /// Nats that a trained critic must gain on held-out pairs. On healthy embeddings with unequal variances it gains up
    /// to 0.5, by weighting dimensions; if one view is a rotation of the other, several.
    public static let criticGap = 1.0
    /// Nats that are enough if they are more than the cosine's own bound. Unrelated pairs give 0 within 0.01.
    public static let criticGapAtLeast = 0.25
    /// The anchor's class's share of the softmax over negatives; `falseRate` must be exceeded too.
    public static let falseMass = 0.35
    /// The rate of negatives of the anchor's class. Ten balanced classes (CIFAR-10) have 0.1 and train well.
    public static let falseRate = 0.15
    /// Transitivity of similarity, used without labels. Four tight classes have 0.95 and more, a circle 0.75 to 0.85,
    /// healthy embeddings 0.5 to 0.8.
    public static let transitivity = 0.9
    /// Effective rank over the square root of min(D, N - 1, 128). Trained heads of 128 dimensions have 0.9 (CIFAR-10,
    /// 20 epochs) to 7, so it does not decide alone.
    public static let rankOverRoot = 1.0
    /// RankMe over min(D, N - 1, 128); it also counts dimensions of little variance. The same heads have 0.3 to 0.9,
    /// four dimensions with a little noise 0.04 to 0.15.
    public static let rankMeShare = 0.2
    /// The effective share of negatives above which the softmax over them is flat.
    public static let flatShare = 0.99
    /// The share of the ceiling below which a flat softmax does harm: SimCLR at tau 0.5 still reaches 0.2 to 0.3.
    public static let flatBound = 0.15
    /// Nats between the bounds at the best and at the training's temperature above which the temperature is the cause;
    /// the best bound must also be twice the other. A small network trained at tau 5 lost 0.4 of 0.5.
    public static let temperatureGap = 0.25
    /// The effective number of negatives below which a few dominate the gradient.
    public static let fewNegatives = 4.0
    /// The standard deviation of the negatives' scores above which the temperature is the reason: normally distributed
    /// scores leave N e^(-std^2 / 2) of N effective. Usual runs have 0.2 to 3.
    public static let scoreStd = 4.0
    /// Loss over log K above which the scores are too large. A loss of log K is chance; unrelated pairs at usual
    /// temperatures exceed it by less than half.
    public static let lossOverCeiling = 1.5
    /// The temperature below which it is the cause of such a loss even if nothing is learned; usual ones are 0.05 to 1.
    public static let tinyTemperature = 0.02
    /// The share of anchors with a negative as close as their positive, and only a few of these.
    public static let twins = 0.04
    /// The share of test images that look the same as a training image. CIFAR-10 has 0.013 and is still a benchmark.
    /// Memorised copies can add this share to a score, more than the usual difference between two methods.
    public static let copies = 0.02
    /// Nats of bound gained for each nat of log K: 1 while the bound is at its ceiling, 0 if more negatives do not
    /// help.
    public static let saturationSlope = 0.5
    /// The number of pairs below which a slope over two doublings of K is noise.
    public static let saturationPairs = 64
    /// The share of 256 view pairs that colour histograms alone match; chance is 1/256. SimCLR's views of CIFAR-10 and
    /// of clip art give 0.11 to 0.15, crops and flips without jitter 0.8, nearly uncropped views 1.
    public static let colourRetrieval = 0.5
    /// The share of 256 view pairs that a 4 x 4 grid of grey means alone matches, mirrored or not. Crops of 20% and
    /// more give 0.15 (clip art) and 0.25 (CIFAR-10), of half and more 0.28 and 0.43, uncropped images under strong
    /// jitter 0.71 to 0.97.
    public static let positionRetrieval = 0.5
    /// The share matched by colours below which views share no colours: crops of 1 to 3% with full jitter give 0.
    public static let nothingShared = 0.04
    /// The share of time waiting for data; at a fifth, a faster loader would save as much as a faster network.
    public static let dataWait = 0.2
    /// Batches in the data set below which anchors meet the same negatives every time.
    public static let batches = 4.0
    /// The size of the largest class over that of the smallest, a common limit between balanced and long-tailed.
    public static let imbalance = 10.0

    // MARK: Methods without negatives

    /// The share of views of the most frequent prototype. A small run of SwAV has 0.12.
    public static let largestPrototype = 0.9
    /// The share of prototypes in use, of those that the views could use.
    public static let prototypesInUse = 0.02
    /// The entropy of targets over log K.
    public static let uniformTargets = 0.98
    /// The standard deviation of a dimension where the loss demands 1. A small run of VICReg has 0.45, without the
    /// variance term 0.011.
    public static let lowStd = 0.1
    /// The same on the unit sphere, over that of evenly spread directions. Small runs of BYOL and SimSiam have 0.75 and
    /// 0.98, BYOL without a predictor 0.06.
    public static let lowUnitStd = 0.1
    /// The mean squared correlation of two dimensions. Small runs of Barlow Twins and VICReg have 0.45 to 0.51, with
    /// lambda 0 0.71 to 0.98.
    public static let redundancy = 0.6
}
