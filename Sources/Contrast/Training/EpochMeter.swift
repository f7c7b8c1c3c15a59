import Views

/// Sums over the steps of an epoch.
struct EpochMeter: Codable, Equatable, Sendable {
    var steps = 0
    var loss = 0.0
    var images = 0
    var seconds = 0.0
    var waited = 0.0
    var ceiling = 0.0
    /// Steps whose objective bounds mutual information.
    var bounded = 0
    var bound = 0.0

    /// Images (not views) a second.
    var imagesPerSecond: Double { Double(images) / max(seconds, 1e-9) }
    /// The share of the time spent waiting for data.
    var dataWait: Double { waited / max(seconds, 1e-9) }

    /// Adds a step.
    mutating func add(_ step: StepResult) {
        steps += 1
        loss += step.loss
        images += step.images
        if let ceiling = step.ceiling, let bound = step.bound {
            bounded += 1
            self.bound += bound
            self.ceiling = ceiling
        }
    }
}

/// Measures the time of steps, and how much of it was spent waiting for data.
struct Stopwatch {
    private let loader: Loader
    private var last = ContinuousClock.now
    private var waited: Double

    init(_ loader: Loader) {
        self.loader = loader
        waited = loader.waitSeconds
    }

    mutating func lap(into meter: inout EpochMeter) {
        let now = ContinuousClock.now
        meter.seconds += (now - last).seconds
        meter.waited += loader.waitSeconds - waited
        (last, waited) = (now, loader.waitSeconds)
    }
}
