/// Where each check draws its line. One table, so that it can be read beside the experiment that justifies it: the
/// conditions of `docs/diagnose.md`, made with seeds and sizes other than those that the tests use.
public enum Thresholds {
    /// 1 - mean cosine of negatives below which all embeddings are one point. A random network's cone has 0.005 to 0.15.
    public static let collapseSpread = 0.002
    /// Squared distance of positives over that of negatives below which the two views are the same picture. Trained
    /// networks have 0.05 to 0.6, a random one on flipped pictures 0.02.
    public static let identical = 0.01
    /// Share of negatives that a positive must beat; 0.5 is chance. Two tight classes without any information within
    /// them give 0.75, so what is below has less than one bit for all the pair shares.
    public static let strongRank = 0.75
    /// Share below which pairs share nothing at all that a cosine could see.
    public static let chanceRank = 0.55
    /// Share of the ceiling below which a bound is nothing.
    public static let chanceBound = 0.05
    /// Mean cosine of positives minus that of negatives below which the embeddings have not left the cone that random
    /// weights put them in (0.005 to 0.05); a trained network has 0.3 to 1.
    public static let coneMargin = 0.1
    /// 1 - mean cosine of negatives below which embeddings lie in a cone: untrained 0.005 to 0.15, trained 0.6 to 1.
    public static let coneSpread = 0.3
    /// Nats that a learnt critic must gain on held-out pairs. On healthy embeddings with unequal variances it gains up
    /// to 0.5, by weighing them; where views are turned against each other, several.
    public static let criticGap = 1.0
    /// Nats that suffice where they are more than all that the cosine sees. Unrelated pairs give 0 within 0.01.
    public static let criticGapAtLeast = 0.25
    /// Share of the softmax over negatives on the anchor's own class, and the rate of such negatives. Ten balanced classes
    /// (CIFAR-10) have a rate of 0.1 and train well.
    public static let falseMass = 0.35
    /// The rate that goes with `falseMass`.
    public static let falseRate = 0.15
    /// Without labels: how far likeness carries over. Four tight classes have 0.95 and more, a circle 0.75 to 0.85,
    /// healthy embeddings 0.5 to 0.8.
    public static let transitivity = 0.9
    /// Effective rank over the square root of min(D, N - 1, 128). It weighs variances, so trained heads of 128 dimensions
    /// have 0.9 (CIFAR-10, 20 passes) to 7 of it, and it does not decide alone.
    public static let rankOverRoot = 1.0
    /// RankMe over min(D, N - 1, 128), which weighs lengths and sees dimensions of little variance too: the same heads have
    /// 0.3 to 0.9, four dimensions with a little noise 0.04 to 0.15.
    public static let rankMeShare = 0.2
    /// Effective share of negatives above which the softmax over them is flat.
    public static let flatShare = 0.99
    /// Share of the ceiling below which the flatness costs: SimCLR at tau 0.5 still reaches 0.2 to 0.3.
    public static let flatBound = 0.15
    /// Nats between the best temperature's bound and the training one's, above which the temperature is to blame; and the
    /// best bound must be twice the other. A convolution network trained at tau 5 lost 0.4 of 0.5.
    public static let temperatureGap = 0.25
    /// Effective number of negatives below which a few carry the gradient.
    public static let fewNegatives = 4.0
    /// Deviation of the negatives' scores above which it is the temperature that makes them few: a normal heap keeps
    /// N e^(-deviation^2 / 2) of N. Usual runs have 0.2 to 3.
    public static let scoreDeviation = 4.0
    /// Loss over log K above which scores are too large for what they tell: a loss of log K is chance, and what unrelated
    /// pairs have above it at usual temperatures is below half of it.
    public static let lossOverCeiling = 1.5
    /// A temperature at which it is to blame for such a loss even where nothing is learnt; usual ones are 0.05 to 1.
    public static let tinyTemperature = 0.02
    /// Share of anchors with a negative as near as their positive, and only a few of these.
    public static let twins = 0.04
    /// Share of held-out images that look the same as one that is learnt from. CIFAR-10 has 0.013, and its scores are read
    /// nevertheless; what is learnt by heart adds up to this share to a score, more than what usually tells two methods apart.
    public static let copies = 0.02
    /// Nats gained for each nat of log K: 1 while the bound is its ceiling, 0 where more negatives would not pay.
    public static let saturationSlope = 0.5
    /// Pairs below which a slope over two doublings of K is noise.
    public static let saturationPairs = 64
    /// Share of 256 view pairs matched by colour histograms alone; 1/256 is chance. SimCLR's views of CIFAR-10 and of
    /// clip art give 0.11 to 0.15, crops and flips without jitter 0.8, hardly cropped ones 1.
    public static let colourRetrieval = 0.5
    /// Share of 256 view pairs matched by a grid of 4 x 4 grey means alone, mirrored or not. Crops of 20% and more give 0.15
    /// (clip art) and 0.25 (CIFAR-10), of half and more 0.28 and 0.43, unmoved pictures under strong jitter 0.71 to 0.97.
    public static let positionRetrieval = 0.5
    /// The share matched by colours below which a view says nothing of the other: crops of 1 to 3% with full jitter give 0.
    public static let nothingShared = 0.04
    /// Share of time waiting for data: at a fifth, a faster loader would save as much as a faster network.
    public static let dataWait = 0.2
    /// Batches in the data set, below which anchors meet the same negatives every time.
    public static let batches = 4.0
    /// Images of the largest class over those of the smallest, a line often drawn between balanced and long-tailed.
    public static let imbalance = 10.0
}
