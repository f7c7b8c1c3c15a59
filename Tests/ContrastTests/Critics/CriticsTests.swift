import Foundation
import Testing
import Torch

@testable import Contrast

@Suite("Critics")
struct CriticsTests {
    private let x = Fixture.hashed(4 * 3, stream: 1)
    private let y = Fixture.hashed(5 * 2, stream: 2)

    private func scores(_ critic: any Critic) throws -> [[Double]] {
        let found = try critic(
            Tensor(x, shape: [4, 3]).to(.float32), Tensor(y, shape: [5, 2]).to(.float32))
        #expect(found.shape == [4, 5])
        let values: [Double] = try found.toArray()
        return (0..<4).map { Array(values[$0 * 5..<$0 * 5 + 5]) }
    }

    private func weights(_ critic: any Critic) throws -> [String: [Double]] {
        try #require(critic as? any Module).stateDict.mapValues { try $0.toArray() }
    }

    /// `W v + b`, W row by row.
    private func affine(_ v: [Double], _ weight: [Double], _ bias: [Double]?) -> [Double] {
        (0..<weight.count / v.count).map { row in
            let weights = Array(weight[row * v.count..<(row + 1) * v.count])
            return Naive.dot(v, weights) + (bias?[row] ?? 0)
        }
    }

    private func agree(_ found: [[Double]], _ wanted: (_ x: [Double], _ y: [Double]) throws -> Double) throws {
        for i in 0..<4 {
            for j in 0..<5 {
                let value = try wanted(Array(x[i * 3..<i * 3 + 3]), Array(y[j * 2..<j * 2 + 2]))
                #expect(abs(found[i][j] - value) < 1e-6 * max(1, abs(value)))
            }
        }
    }

    @Test func bilinearIsAForm() throws {
        let critic = try BilinearCritic().build(dimensions: (3, 2), generator: Generator(seed: 1))
        let w = try #require(try weights(critic)["linear.weight"])
        try agree(scores(critic)) { x, y in Naive.dot(x, affine(y, w, nil)) }
    }

    @Test(arguments: [1, 2]) func separableIsAProductOfNetworks(layers: Int) throws {
        var settings = SeparableCritic()
        (settings.layers, settings.hidden, settings.output) = (layers, 6, 4)
        let critic = try settings.build(dimensions: (3, 2), generator: Generator(seed: 2))
        let w = try weights(critic)
        func network(_ name: String, _ v: [Double]) throws -> [Double] {
            var v = v
            for layer in 0..<layers {
                let key = "\(name).linears.\(layer)"
                v = affine(v, try #require(w["\(key).weight"]), w["\(key).bias"])
                if layer < layers - 1 { v = v.map { max($0, 0) } }
            }
            return v
        }
        try agree(scores(critic)) { x, y in Naive.dot(try network("f", x), try network("g", y)) }
    }

    @Test func concatenatedIsOneNetworkOverBoth() throws {
        var settings = ConcatenatedCritic()
        (settings.layers, settings.hidden) = (3, 6)
        let critic = try settings.build(dimensions: (3, 2), generator: Generator(seed: 3))
        let w = try weights(critic)
        try agree(scores(critic)) { x, y in
            let first = zip(
                affine(x, try #require(w["from_x.weight"]), nil),
                affine(y, try #require(w["from_y.weight"]), w["from_y.bias"])
            ).map { max($0 + $1, 0) }
            let second = affine(first, try #require(w["rest.linears.0.weight"]), w["rest.linears.0.bias"])
                .map { max($0, 0) }
            return affine(second, try #require(w["rest.linears.1.weight"]), w["rest.linears.1.bias"])[0]
        }
    }

    @Test("A critic's weights are trained with the encoder", arguments: CriticFamily.registry.names)
    func criticsAreTrained(name: String) throws {
        let method = try tinyExperiment("method={simclr: {head: none, loss: {info_nce: {critic: \(name)}}}}").method
        let model = try method.component.build(
            encoder: architecture("convnet: {width: 2}"), generator: Generator(seed: 4))
        let images = try Tensor(Fixture.hashed(8 * 3 * 64, stream: 1), shape: [8, 3, 8, 8]).to(.float32)
        let objective = try model.objective([ViewTensor(images: images, count: 2)])
        #expect(objective.candidates == 4)
        try objective.loss.backward()
        let critics = model.namedParameters.filter { $0.key.hasPrefix("loss.critic.") }
        #expect(critics.isEmpty == ["cosine", "dot"].contains(name))
        // The last bias shifts all scores alike, which a softmax does not see; all others must move.
        for (key, parameter) in model.namedParameters { #expect(try parameter.value.grad() != nil, "\(key)") }
    }
}
