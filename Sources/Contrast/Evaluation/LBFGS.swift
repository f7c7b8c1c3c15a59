/// Limited-memory BFGS for smooth convex functions (Liu & Nocedal 1989; Nocedal & Wright 2006, algorithm 7.5).
struct LBFGS {
    /// The number of pairs of step and gradient change that are kept.
    var history = 10
    /// The largest number of steps.
    var maximumIterations = 1000
    /// The search has converged if no entry of the gradient is larger.
    var gradientTolerance: Double

    /// The end of a search.
    struct Minimum {
        var point: [Double]
        var value: Double
        /// The number of steps.
        var iterations: Int
        /// Whether the gradient is below the tolerance, or no step lowers the value in float64.
        var converged: Bool
    }

    /// Minimises a function.
    /// - Parameters:
    ///   - precondition: multiplies by a positive definite matrix that approximates the inverse Hessian up to a factor;
    ///     a better approximation needs fewer steps.
    ///   - evaluate: the function's value and gradient.
    func minimise<Failure: Error>(
        from start: [Double], preconditioned precondition: (([Double]) throws(Failure) -> [Double])? = nil,
        _ evaluate: ([Double]) throws(Failure) -> (value: Double, gradient: [Double])
    ) throws(Failure) -> Minimum {
        var point = start
        var (value, gradient) = try evaluate(point)
        var pairs: [Pair] = []
        for iteration in 0..<maximumIterations {
            // Comparisons with NaN are false, so NaN would count as a small gradient.
            guard value.isFinite, gradient.allSatisfy({ $0.isFinite }) else {
                return Minimum(point: point, value: value, iterations: iteration, converged: false)
            }
            if largest(gradient) <= gradientTolerance {
                return Minimum(point: point, value: value, iterations: iteration, converged: true)
            }
            let direction = try descent(gradient, pairs, precondition)
            let slope = dot(direction, gradient)
            // Without curvature yet, the first step has length 1 at most.
            let first = pairs.isEmpty ? min(1, 1 / dot(direction, direction).squareRoot()) : 1
            guard
                let next = try search(
                    from: point, value: value, slope: slope, along: direction, first: first, evaluate)
            else {
                return Minimum(point: point, value: value, iterations: iteration, converged: true)
            }
            let step = difference(next.point, point)
            let change = difference(next.gradient, gradient)
            let curvature = dot(step, change)
            if curvature > 0 {
                if pairs.count == history { pairs.removeFirst() }
                let conditioned = try dot(change, precondition?(change) ?? change)
                pairs.append(Pair(step: step, change: change, curvature: curvature, scale: curvature / conditioned))
            }
            (point, value, gradient) = next
        }
        return Minimum(point: point, value: value, iterations: maximumIterations, converged: false)
    }

    private struct Pair {
        let step: [Double]
        let change: [Double]
        let curvature: Double
        /// The factor with which the preconditioner fits the curvature along this step.
        let scale: Double
    }

    /// Minus the approximate inverse Hessian times the gradient, by the two-loop recursion.
    private func descent<Failure: Error>(
        _ gradient: [Double], _ pairs: [Pair], _ precondition: (([Double]) throws(Failure) -> [Double])?
    ) throws(Failure) -> [Double] {
        var direction = gradient
        var weights = [Double](repeating: 0, count: pairs.count)
        for (index, pair) in pairs.enumerated().reversed() {
            weights[index] = dot(pair.step, direction) / pair.curvature
            add(-weights[index], pair.change, to: &direction)
        }
        if let precondition { direction = try precondition(direction) }
        if let last = pairs.last {
            for index in direction.indices { direction[index] *= last.scale }
        }
        for (index, pair) in pairs.enumerated() {
            add(weights[index] - dot(pair.change, direction) / pair.curvature, pair.step, to: &direction)
        }
        for index in direction.indices { direction[index] = -direction[index] }
        return direction
    }

    /// A step that meets the weak Wolfe conditions, by bisection; nil if none lowers the value.
    private func search<Failure: Error>(
        from point: [Double], value: Double, slope: Double, along direction: [Double], first: Double,
        _ evaluate: ([Double]) throws(Failure) -> (value: Double, gradient: [Double])
    ) throws(Failure) -> (point: [Double], value: Double, gradient: [Double])? {
        guard slope < 0 else { return nil }
        var length = first
        var shortest = 0.0
        var longest = Double.infinity
        for _ in 0..<60 {
            var candidate = point
            add(length, direction, to: &candidate)
            let (reached, gradient) = try evaluate(candidate)
            if !(reached <= value + 1e-4 * length * slope) {
                longest = length
            } else if dot(gradient, direction) < 0.9 * slope {
                shortest = length
            } else {
                return (candidate, reached, gradient)
            }
            length = longest.isFinite ? (shortest + longest) / 2 : 2 * length
        }
        return nil
    }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
    // Four sums, as each addition to a single one would wait for the one before.
    var sums = SIMD4<Double>()
    let whole = a.count & ~3
    for index in stride(from: 0, to: whole, by: 4) {
        let left = SIMD4<Double>(a[index], a[index + 1], a[index + 2], a[index + 3])
        let right = SIMD4<Double>(b[index], b[index + 1], b[index + 2], b[index + 3])
        sums += left * right
    }
    var sum = sums.sum()
    for index in whole..<a.count { sum += a[index] * b[index] }
    return sum
}

private func largest(_ a: [Double]) -> Double { a.reduce(0) { max($0, abs($1)) } }

private func difference(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }

private func add(_ factor: Double, _ a: [Double], to b: inout [Double]) {
    for index in b.indices { b[index] += factor * a[index] }
}
