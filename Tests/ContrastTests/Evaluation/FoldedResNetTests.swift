import Testing
import Torch

@testable import Contrast

@Suite("ResNets with folded batch norm")
struct FoldedResNetTests {
    @Test(
        "Features are the network's",
        arguments: [("resnet18", Stem.small, 16), ("resnet18", .imagenet, 8), ("resnet50", .small, 8)])
    func equalsTheNetwork(name: String, stem: Stem, width: Int) throws {
        let generator = try Generator(seed: 3)
        let isBottleneck = name == "resnet50"
        let topology = ResNetTopology(
            isBottleneck ? .bottleneck : .basic, depths: isBottleneck ? [1, 2, 1, 1] : [2, 2, 2, 2], stem: stem,
            width: width)
        let network = try ResNet(topology, generator: generator)
        // Statistics and weights of norms that leave nothing out.
        for (index, (key, value)) in network.stateDict.sorted(by: { $0.key < $1.key }).enumerated()
        where key.contains("bn") || key.contains("downsample.1") {
            guard value.dtype == .float32 else { continue }
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
