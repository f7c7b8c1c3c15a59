import Testing
import Torch

@testable import Contrast

@Suite("Networks with folded batch norm")
struct FoldedNetworkTests {
    @Test(
        "Features are the network's",
        arguments: [
            "resnet18: {stem: small, width: 16}", "resnet18: {width: 8}", "resnet50: {stem: small, width: 8}",
            "wide_resnet50_2: {width: 4}", "mobilenet_v2: {stem: small, width_mult: 0.3}", "mobilenet_v2",
        ])
    func equalsTheNetwork(text: String) throws {
        let network = try encoder(text, seed: 3)
        // Statistics and weights of norms that leave nothing out.
        for (index, (key, value)) in network.stateDict.sorted(by: { $0.key < $1.key }).enumerated()
        where value.shape.count == 1 {
            let noise = try Tensor(Fixture.hashed(value.count, stream: UInt64(index)), shape: value.shape)
            try withoutGradients {
                try value.detach().copy(from: key.hasSuffix("running_var") ? noise * 0.5 + 1 : noise * 0.5 + 0.6)
            }
        }
        let images = try Fixture.images([32, 32])
        try withoutGradients {
            let wanted: [Double] = try network(images, training: false).toArray()
            let folded = try network.forInference()
            #expect(try difference(folded(images), [wanted]) < 1e-5)
        }
    }

    @Test func otherEncodersAreUsedAsTheyAre() throws {
        let network = try ConvNet().build(generator: Generator(seed: 0))
        let images = try Fixture.images([32, 32])
        try withoutGradients {
            let wanted: [Float] = try network(images, training: false).toArray()
            #expect(try network.forInference()(images).toArray() == wanted)
        }
    }
}
