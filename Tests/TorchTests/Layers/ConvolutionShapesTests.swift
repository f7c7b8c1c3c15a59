import Foundation
import Testing

@testable import Torch

/// Convolutions as ResNets, ConvNets and vision transformers of any width have them, on images of any size.
@Suite("Convolutions of every shape")
struct ConvolutionShapesTests {
    /// Beyond this relative error a number is wrong; transforms round to some 1e-6, few numbers may cancel.
    static let tolerance = 3e-5
    static let sizes = [
        1, 2, 3, 5, 7, 8, 9, 14, 15, 16, 17, 24, 28, 31, 32, 33, 47, 48, 56, 63, 64, 65, 96, 112, 127, 128, 160, 192,
        224,
    ]
    /// Kernel, stride, padding.
    static let kinds = [
        (1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 1), (7, 1, 3), (7, 2, 3), (2, 2, 0), (4, 4, 0), (8, 8, 0), (14, 14, 0),
        (16, 16, 0), (32, 32, 0),
    ]

    /// All shapes that a sweep takes: every number of channels with every size and kernel, those with many products by
    /// chance, and none of more than 32 MB; images, outputs and threads by chance.
    static func shapes() -> [ConvolutionSample] {
        var random = Chance(state: 16)
        var shapes: [ConvolutionSample] = []
        for (kernel, stride, padding) in kinds {
            let isPatch = stride == kernel && kernel > 1
            for size in sizes where size + 2 * padding >= kernel && (!isPatch || size % kernel == 0) {
                for channels in 1...64 {
                    // Patches and stems have three channels in; blocks keep, double, or change fourfold.
                    var ends = [(3, channels)]
                    if !isPatch { ends += [(channels, channels), (channels, random.draw(1...64))] }
                    if kernel == 1 { ends += [(channels, 4 * channels), (4 * channels, channels)] }
                    if kernel == 1 || kernel == 3 { ends.append((channels, 2 * channels)) }
                    if kernel == 3 && channels % 16 == 0 { ends += (1...6).map { (channels, 16 * $0) } }
                    for (inputs, outputs) in ends {
                        let shape = ConvolutionSample(
                            images: random.draw(1...4), inputs: inputs, outputs: outputs,
                            height: random.draw(1...3) > 1 || isPatch ? size : max(1, size - random.draw(0...2)),
                            width: size, kernel: kernel, stride: stride, padding: padding, threads: random.draw(1...8),
                            isInnermost: random.draw(1...3) > 1)
                        let isLarge = shape.images * max(inputs, outputs) * size * size > 8_000_000
                        guard random.draw(1...max(1, shape.work / 2_000_000)) == 1, !isLarge else { continue }
                        shapes.append(shape)
                    }
                }
            }
        }
        // Another number of threads makes libtorch end those that it has, which takes as long as some shapes.
        return (1...8).flatMap { threads in shapes.filter { $0.threads == threads } }
    }

    /// oneDNN's gradients of these are written past the ends of memory, which ends a process at the next allocations.
    @Test(arguments: [1, 2, 3, 7]) func keepInsideOfTheirMemory(threads: Int) async {
        await #expect(processExitsWith: .success) { [threads] in
            try Runtime.setThreads(threads)
            for inputs in [8, 1, 3, 15] {
                let sample = ConvolutionSample(
                    images: 32, inputs: inputs, outputs: 16, height: 64, width: 64, kernel: 1, stride: 2, padding: 0)
                for _ in 0..<8 { try sample.run() }
            }
        }
    }

    @Test func agreeWithFloat64() async {
        await #expect(processExitsWith: .success) {
            let shapes = ConvolutionShapesTests.shapes()
            for threads in 1...8 {
                try Runtime.setThreads(threads)
                let own = shapes.filter { $0.threads == threads && $0.work < 4_000_000 }
                for place in Swift.stride(from: 11, to: own.count, by: 300) {
                    for (name, error) in try own[place].errors() {
                        #expect(error <= ConvolutionShapesTests.tolerance, "\(name) of \(own[place])")
                    }
                }
            }
        }
    }

    /// The whole sweep, one process of it: `Benchmarks/convolutions/sweep.py` sets the variable to where it begins, and
    /// reads how far it came.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["DIPTYCH_SWEEP"] != nil)) func sweep() throws {
        let given = try #require(ProcessInfo.processInfo.environment["DIPTYCH_SWEEP"]).split(separator: ":")
        let (begin, step) = (try #require(Int(given[0])), try #require(Int(given[1])))
        let log = try #require(fopen(String(given[2]), "a"))
        defer { fclose(log) }
        let shapes = Self.shapes()
        func say(_ text: String) { fputs(text + "\n", log); fflush(log) }
        say("of \(shapes.count)")
        var threads = 0
        for place in Swift.stride(from: begin, to: shapes.count, by: step) {
            say("\(place) \(shapes[place])")
            if shapes[place].threads != threads {
                threads = shapes[place].threads
                try Runtime.setThreads(threads)
            }
            for (name, error) in try shapes[place].errors() { say("\(name): \(error)") }
        }
        say("done")
    }
}

/// Numbers by chance that are the same in every process.
private struct Chance {
    var state: UInt64

    mutating func draw(_ range: ClosedRange<Int>) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return range.lowerBound + Int(state >> 33) % range.count
    }
}
