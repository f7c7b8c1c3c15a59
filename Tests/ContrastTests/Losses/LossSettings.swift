@testable import Contrast

extension SimilarityLoss {
    init(temperature: Double, normalize: Bool = true) {
        self.init()
        self.temperature = ScheduledValue(temperature)
        self.normalize = normalize
    }
}

extension DCLW {
    init(temperature: Double, sigma: Double = 0.5, normalize: Bool = true) {
        self.init()
        self.temperature = ScheduledValue(temperature)
        self.sigma = sigma
        self.normalize = normalize
    }
}

extension Debiased {
    init(temperature: Double, tauPlus: Double, normalize: Bool = true) {
        self.init()
        self.temperature = ScheduledValue(temperature)
        self.tauPlus = ScheduledValue(tauPlus)
        self.normalize = normalize
    }
}

extension HCL {
    init(temperature: Double, tauPlus: Double, beta: Double, normalize: Bool = true) {
        self.init()
        self.temperature = ScheduledValue(temperature)
        self.tauPlus = ScheduledValue(tauPlus)
        self.beta = ScheduledValue(beta)
        self.normalize = normalize
    }
}

extension HardNegatives {
    init(temperature: Double, hardest: Int?, semiHard: Bool = false, normalize: Bool = true) {
        self.init()
        self.temperature = ScheduledValue(temperature)
        self.hardest = hardest.map { ScheduledValue(Double($0)) }
        self.semiHard = semiHard
        self.normalize = normalize
    }
}

extension FNC {
    init(temperature: Double, top: Int, threshold: Double, strategy: Strategy, normalize: Bool = true) {
        self.init()
        self.temperature = ScheduledValue(temperature)
        self.top = ScheduledValue(Double(top))
        self.threshold = ScheduledValue(threshold)
        self.strategy = strategy
        self.normalize = normalize
    }
}

extension CLIPLoss {
    init(temperature: Double, normalize: Bool = true) {
        self.init()
        self.temperature = temperature
        self.normalize = normalize
    }
}
