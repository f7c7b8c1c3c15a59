extension ViewMaker {
    /// Times every step on images of a source, for about `seconds`; empty if no image can be used.
    func profile(_ source: any Source, seed: UInt64, seconds: Double) -> [BenchReport.Step] {
        var steps = pipeline.trunkSteps.map { BenchReport.Step(branch: "trunk", name: $0, microseconds: 0) }
        for branch in pipeline.branches {
            steps += branch.steps.map {
                BenchReport.Step(branch: branch.name, name: type(of: $0).name, microseconds: 0)
            }
        }
        var times = [UInt64](repeating: 0, count: steps.count)
        var counts = times
        let start = monotonicNanoseconds()
        var sample = 0
        // The first image warms up and is not timed.
        while sample < 2 || (monotonicNanoseconds() - start < UInt64(seconds * 1e9)) {
            if sample == 1 {
                times = times.map { _ in 0 }
                counts = times
            }
            do throws(DecodeError) {
                try time(source, sample: sample % source.count, seed: seed, epoch: sample / source.count) {
                    times[$0] += $1
                    counts[$0] += 1
                }
            } catch {
                if sample >= source.count { break }
            }
            sample += 1
        }
        for index in steps.indices where counts[index] > 0 {
            steps[index].microseconds = Double(times[index]) / Double(counts[index]) / 1e3
        }
        return steps
    }

    /// Makes the views of an image and reports each step's index in the graph and its nanoseconds.
    private func time(
        _ source: any Source, sample: Int, seed: UInt64, epoch: Int, _ note: (Int, UInt64) -> Void
    ) throws(DecodeError) {
        let recipes = try prepare(source, sample: sample, seed: seed, epoch: epoch)
        let trunkCount = pipeline.trunkSteps.count
        var clock = monotonicNanoseconds()
        func lap(_ step: Int) {
            let now = monotonicNanoseconds()
            note(step, now - clock)
            clock = monotonicNanoseconds()
        }
        var start = picture
        if pipeline.hasTrunk, let first = recipes.first {
            trunk.load(picture)
            pipeline.applyTrunk(first, on: trunk, after: lap)
            start = trunk.picture
        }
        for recipe in recipes {
            canvas.load(start)
            let before = pipeline.firstStep(of: recipe.key.view)
            clock = monotonicNanoseconds()
            pipeline.applyBranch(recipe, on: canvas) { lap(trunkCount + before + $0) }
        }
    }
}
