import Views

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
        let elapsed = now - last
        meter.seconds += elapsed.seconds
        meter.waited += loader.waitSeconds - waited
        last = now
        waited = loader.waitSeconds
    }
}
