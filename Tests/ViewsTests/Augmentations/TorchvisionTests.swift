import Foundation
import Testing

@testable import Views

/// Every augmentation's pixels against torchvision's, with the parameters given instead of drawn.
@Suite struct TorchvisionTests {
    static let cases = TorchvisionFixture.shared?.cases ?? []
    /// These compute nothing that could be rounded differently.
    static let exact: Set = [
        "horizontal_flip", "vertical_flip", "solarize", "posterize", "equalize", "autocontrast", "random_erasing",
        "center_crop", "pad", "cutout",
    ]

    @Test func fixtureCoversEveryAugmentation() {
        #expect(Set(Self.cases.map(\.name)) == Set(augmentationTypes.map { $0.name }))
    }

    @Test(arguments: cases)
    func pixelsEqualTorchvision(_ example: TorchvisionFixture.Case) throws {
        let fixture = try #require(TorchvisionFixture.shared)
        let picture = TorchvisionFixture.image(try #require(fixture.pictures[example.picture]))
        let untouched = picture.interleaved()
        let type = try #require(augmentationTypes.first { $0.name == example.name })
        let canvas = Canvas()
        canvas.load(picture)
        try apply(type, example, to: canvas)
        let expected = TorchvisionFixture.image(example.expected)
        try #require(canvas.size == expected.size)
        let (most, mean) = difference(canvas.picture, expected)
        #expect(most <= (Self.exact.contains(example.name) ? 0 : example.name == "jpeg_compression" ? 2 : 1))
        // Of a few pixels, one that is rounded differently already makes a larger mean.
        if expected.size.area > 100 { #expect(mean <= 0.05) }
        #expect(picture.interleaved() == untouched)
    }

    @Test(arguments: RandAugmentOperation.allCases)
    func strengthsEqualTorchvision(_ operation: RandAugmentOperation) throws {
        let expected = try #require(TorchvisionFixture.shared?.strengths[operation.rawValue])
        let odd = Size(width: 61, height: 47)
        #expect((0..<31).map { operation.strength(bin: $0, of: 31, size: odd) } == expected[0])
        let large = Size(width: 250, height: 188)
        #expect((0..<10).map { operation.strength(bin: $0, of: 10, size: large) } == expected[1])
    }

    private func apply<A: Augmentation>(
        _ type: A.Type, _ example: TorchvisionFixture.Case, to canvas: Canvas
    ) throws {
        let augmentation = try example.settings.decoded(as: type)
        augmentation.apply(try example.parameters.decoded(as: A.Parameters.self), to: canvas)
    }
}
