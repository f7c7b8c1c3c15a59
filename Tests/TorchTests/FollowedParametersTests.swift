import Testing

@testable import Torch

private final class Pair: Module {
    let linear: Linear
    let norm: BatchNorm

    init(seed: UInt64, width: Int = 3) throws(TorchError) {
        linear = try Linear(2, width, generator: Generator(seed: seed))
        norm = try BatchNorm(width)
    }

    func values() throws -> [String: [Float]] { try stateDict.mapValues { try $0.toArray() } }
}

@Suite("Modules that follow others")
struct FollowedParametersTests {
    @Test(arguments: [0, 0.25, 0.999, 1]) func parametersMoveByTheirShareAndBuffersStay(momentum: Double) throws {
        let (follower, leader) = (try Pair(seed: 1), try Pair(seed: 2))
        _ = try leader.norm(Tensor([1, 2, 3, 5, 7, 11], shape: [2, 3]).to(.float32), training: true)
        let (before, led) = (try follower.values(), try leader.values())
        try FollowedParameters(of: follower, leader: leader).follow(momentum: momentum)
        let after = try follower.values()
        for key in ["linear.weight", "linear.bias", "norm.weight", "norm.bias"] {
            let pairs = zip(try #require(before[key]), try #require(led[key]))
            let wanted = pairs.map { Float(momentum) * $0 + Float(1 - momentum) * $1 }
            for (found, wanted) in zip(try #require(after[key]), wanted) { #expect(abs(found - wanted) < 1e-6) }
        }
        for key in ["norm.running_mean", "norm.running_var", "norm.num_batches_tracked"] {
            #expect(after[key] == before[key] && after[key] != led[key])
        }
        #expect(try leader.values() == led)
    }

    @Test func frozenModulesHaveNoTrainedParametersButTheirState() throws {
        let follower = try Pair(seed: 1)
        let keys = follower.stateDict.keys.sorted()
        try follower.freeze()
        #expect(follower.namedParameters.isEmpty)
        #expect(follower.stateDict.keys.sorted() == keys)
        #expect(follower.stateDict.values.allSatisfy { !$0.requiresGrad })
        let before = try follower.values()
        try FollowedParameters(of: follower, leader: Pair(seed: 2)).follow(momentum: 0.5)
        #expect(try follower.values() != before)
        #expect(follower.stateDict.values.allSatisfy { !$0.requiresGrad })
    }

    @Test func othersAreNotFollowed() throws {
        let follower = try Pair(seed: 1)
        #expect(throws: TorchError.self) { try FollowedParameters(of: follower, leader: Pair(seed: 1, width: 4)) }
        #expect(throws: TorchError.self) {
            try FollowedParameters(of: follower, leader: Linear(2, 3, generator: Generator(seed: 1)))
        }
    }
}
