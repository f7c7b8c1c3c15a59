import Testing

@testable import Torch

@Suite("Precision")
struct PrecisionTests {
    private func network() throws -> (layer: Conv2d, norm: BatchNorm, images: Tensor) {
        let generator = try Generator(seed: 5)
        let layer = try Conv2d(3, 8, kernel: 3, padding: 1, generator: generator)
        return (layer, try BatchNorm(8), try generator.normal([4, 3, 9, 9], std: 1))
    }

    private func pass(_ precision: Precision) throws -> (value: [Float], gradient: [Float]) {
        let (layer, norm, images) = try network()
        let rows = try precision.run(on: .cpu) { () throws(TorchError) in
            try norm(layer(images), training: true).relu().mean(dims: [2, 3])
        }
        #expect(rows.dtype == .float32)
        try rows.pow(2).sum().backward()
        let gradient = try #require(try layer.weight.value.grad())
        #expect(gradient.dtype == .float32 && layer.weight.value.dtype == .float32)
        return (try rows.toArray(), try gradient.toArray())
    }

    private func difference(_ a: [Float], _ b: [Float]) -> Float {
        let squares = zip(a, b).reduce((0, 0) as (Float, Float)) { sum, pair in
            (sum.0 + (pair.0 - pair.1) * (pair.0 - pair.1), sum.1 + pair.1 * pair.1)
        }
        return (squares.0 / squares.1).squareRoot()
    }

    @Test func bfloat16RoundsTheNetworkAndNothingElse() throws {
        let (exact, rounded) = (try pass(.float32), try pass(.bfloat16))
        // bfloat16 has 8 bits; equal results would mean that nothing was rounded.
        #expect((1e-4...2e-2).contains(difference(rounded.value, exact.value)))
        #expect((1e-4...5e-2).contains(difference(rounded.gradient, exact.gradient)))
        let again = try pass(.float32)
        #expect(again.value == exact.value && again.gradient == exact.gradient)
    }

    @Test func tf32IsFloat32OnACPU() throws {
        try Runtime.allowTF32(true)
        defer { try? Runtime.allowTF32(false) }
        let (exact, other) = (try pass(.float32), try pass(.tf32))
        #expect(other.value == exact.value && other.gradient == exact.gradient)
    }

    @Test func aNetworkThatFailsLeavesNoRoundingBehind() throws {
        let exact = try pass(.float32)
        #expect(throws: TorchError.self) {
            try Precision.bfloat16.run(on: .cpu) { () throws(TorchError) in
                throw TorchError(operation: "test", message: "fails")
            }
        }
        #expect(try pass(.float32).value == exact.value)
    }

    @Test func weightsThatMovedAreCastAgain() throws {
        let (layer, _, images) = try network()
        func rows() throws -> [Float] {
            try Precision.bfloat16.run(on: .cpu) { () throws(TorchError) in try layer(images) }.toArray()
        }
        let before = try rows()
        try layer.weight.value.copy(from: layer.weight.value.detach() * 2)
        #expect(try rows() == before.map { $0 * 2 })
    }
}

@Suite("Pictures as a device normalises them")
struct NormalizedPicturesTests {
    @Test func bytesBecomeFloatsByChannel() throws {
        let bytes = (0..<2 * 3 * 5 * 3).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let (factors, offsets): ([Float], [Float]) = ([0.5, 2, 0.25], [1, -3, 0.125])
        let pictures = try Tensor(bytes, shape: [2, 3, 5, 3]).normalizedPictures(
            factors: Tensor(factors, shape: [3]), offsets: Tensor(offsets, shape: [3]))
        #expect(pictures.shape == [2, 3, 3, 5] && pictures.dtype == .float32)
        var wanted: [Float] = []
        for image in 0..<2 {
            for channel in 0..<3 {
                for place in 0..<15 {
                    let level = Float(bytes[(image * 15 + place) * 3 + channel])
                    wanted.append(level * factors[channel] + offsets[channel])
                }
            }
        }
        #expect(try pictures.toArray() == wanted)
    }

    @Test(arguments: [([2, 3, 5], DType.uint8), ([2, 3, 5, 4], .uint8), ([2, 3, 5, 3], .float32)])
    func otherShapesAndTypesAreRefused(shape: [Int], dtype: DType) throws {
        let values = try Tensor.ones([3])
        #expect(throws: TorchError.self) {
            try Tensor.zeros(shape, dtype: dtype).normalizedPictures(factors: values, offsets: values)
        }
    }

    @Test func aCPUHasNoStreamOfCopies() {
        #expect(throws: TorchError.self) { try CopyStream(.cpu) }
    }
}
