import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// An objective over a queue with the formula that it must equal.
struct QueueCase: CustomTestStringConvertible, Sendable {
    var name: String
    var loss: any QueueLossSettings
    var tau: Double
    var normalize: Bool
    var formula: @Sendable (Naive.Anchors) -> Double

    var testDescription: String { "\(name), tau \(tau), normalised \(normalize)" }
}

private func cases() -> [QueueCase] {
    [true, false].flatMap { normalize in
        [0.01, 0.07, 0.2, 1].flatMap { tau -> [QueueCase] in
            let critic: any CriticSettings = normalize ? CosineCritic(temperature: tau) : DotCritic(temperature: tau)
            func of(
                _ name: String, _ loss: any QueueLossSettings, _ formula: @escaping @Sendable (Naive.Anchors) -> Double
            ) -> QueueCase {
                QueueCase(name: name, loss: loss, tau: tau, normalize: normalize, formula: formula)
            }
            return [
                of("info_nce", InfoNCE(critic: critic)) { Naive.ntXent($0) },
                of("nt_xent", NTXent(temperature: tau, normalize: normalize)) { Naive.ntXent($0) },
                of("dcl", DCL(temperature: tau, normalize: normalize)) { Naive.dcl($0) },
                of("debiased", Debiased(temperature: tau, tauPlus: 0.05, normalize: normalize)) {
                    Naive.debiased($0, tau: tau, tauPlus: 0.05)
                },
                of(
                    "hard_negatives",
                    HardNegatives(temperature: tau, hardest: 3, semiHard: true, normalize: normalize)
                ) { Naive.hardNegatives($0, hardest: 3, semiHard: true) },
                of("fnc", FNC(temperature: tau, top: 0, threshold: 0, strategy: .attract, normalize: normalize)) {
                    Naive.ntXent($0)
                },
                of("hcl", HCL(temperature: tau, tauPlus: 0.05, beta: 0.5, normalize: normalize)) {
                    Naive.hcl($0, tau: tau, tauPlus: 0.05, beta: 0.5)
                },
            ]
        }
    }
}

@Suite("Losses over a queue")
struct QueueLossTests {
    private static func rows(_ count: Int, _ stream: UInt64, leaningOn other: Naive.Rows? = nil) -> Naive.Rows {
        let noise = Fixture.hashed(count * 5, stream: stream).map { ($0 * 64).rounded() / 64 }
        let rows = (0..<count).map { Array(noise[$0 * 5..<$0 * 5 + 5]) }
        guard let other else { return rows }
        return zip(rows, other).map { row, leader in zip(row, leader).map { 0.5 * $0 + 0.5 * $1 } }
    }

    private static func tensors(_ rows: [Naive.Rows], _ dtype: DType) throws -> [Tensor] {
        let tensors = try rows.map { try Fixture.tensor($0).to(dtype) }
        for tensor in tensors { try tensor.setRequiresGrad() }
        return tensors
    }

    private static func loss(_ settings: any QueueLossSettings) throws -> any QueueLoss {
        try settings.buildForQueue(dimension: 5, generator: Generator(seed: 1))
    }

    @Test("Values and gradients are those of the formulas", arguments: cases()) func equalTheFormulas(test: QueueCase)
        throws
    {
        let queries = Self.rows(4, 11)
        let rows = [queries, Self.rows(4, 12, leaningOn: queries), Self.rows(9, 13)]
        func value(_ rows: [Naive.Rows]) -> Double {
            let rows = test.normalize ? rows.map(Naive.unit) : rows
            return test.formula(Naive.anchors(rows[0], rows[1], queue: rows[2], test.tau))
        }
        let wanted = value(rows)
        try #require(wanted.isFinite)
        let gradients = rows.indices.map { place in
            Naive.gradient(rows[place], step: 1e-3 * test.tau) { changed in
                var all = rows
                all[place] = changed
                return value(all)
            }
        }
        let largest = gradients.flatMap { $0.flatMap { $0 } }.reduce(0.0) { max($0, abs($1)) }
        for (dtype, valueError, gradientError) in [(DType.float64, 1e-9, 1e-7), (DType.float32, 2e-6, 1e-5)] {
            let tensors = try Self.tensors(rows, dtype)
            let loss = try Self.loss(test.loss)
            let found = try loss(tensors[0], tensors[1], negatives: tensors[2])
            try found.backward()
            let error = abs(try found.item() - wanted) / max(1, abs(wanted))
            #expect(error <= valueError, "\(dtype)")
            for (tensor, wanted) in zip(tensors, gradients) {
                let gradient = try #require(try tensor.grad())
                let worst = try difference(gradient, wanted, floor: largest)
                #expect(worst <= gradientError, "\(dtype)")
            }
        }
    }

    @Test("All rows equal give the logarithm of the candidates", arguments: [1, 6]) func equalRows(keys: Int) throws {
        let row = try Tensor([0.3, -0.2, 0.9, 0.1, 0.4], shape: [1, 5])
        let (queries, queue) = (
            try row * Tensor.ones([3, 1], dtype: .float64), try row * Tensor.ones([keys, 1], dtype: .float64)
        )
        for settings in [InfoNCE(), NTXent()] as [any QueueLossSettings] {
            let loss = try Self.loss(settings)
            let found = try loss(queries, queries, negatives: queue)
            #expect(try abs(found.item() - log(Double(keys + 1))) < 1e-12)
        }
        let decoupled = try DCL()(queries, queries, negatives: queue)
        #expect(try abs(decoupled.item() - log(Double(keys))) < 1e-12)
    }

    @Test func theBoundBesideALossIsMoCos() throws {
        let tensors = try Self.tensors([Self.rows(4, 11), Self.rows(4, 12), Self.rows(9, 13)], .float64)
        let wanted = try NTXent(temperature: 0.2)(tensors[0], tensors[1], negatives: tensors[2]).item()
        let losses: [any QueueLossSettings] = [
            DCL(temperature: 0.2), Debiased(temperature: 0.2, tauPlus: 0.1),
            HCL(temperature: 0.2, tauPlus: 0.1, beta: 1),
        ]
        for settings in losses {
            let loss = try Self.loss(settings)
            let contrast = try #require(try loss.contrast(tensors[0], tensors[1], negatives: tensors[2]))
            #expect(try contrast.item() == wanted)
            #expect(!contrast.requiresGrad)
        }
    }

    @Test("Any critic scores a queue", arguments: CriticFamily.registry.types.map { $0.name })
    func critics(name: String) throws {
        let text = "method: {moco: {loss: {info_nce: {critic: \(name)}}}}"
        let method = try ConfigurationReader(file: "test", text: text).read(Experiment.self).method.component
        let settings = try #require((method as? MoCo)?.loss.component as? any QueueLossSettings)
        let tensors = try Self.tensors([Self.rows(4, 11), Self.rows(4, 12), Self.rows(9, 13)], .float32)
        let loss = try Self.loss(settings)
        let built = try #require(settings as? InfoNCE).critic.component
        let critic = try built.build(dimensions: (5, 5), generator: Generator(seed: 1))
        let all = try critic(tensors[0], Tensor.cat([tensors[1], tensors[2]], dim: 0))
        let scores: [Double] = try all.toArray()
        let anchors: Naive.Anchors = (0..<4).map { i in
            (scores[i * 13 + i], Array(scores[i * 13 + 4..<i * 13 + 13]))
        }
        let found = try loss(tensors[0], tensors[1], negatives: tensors[2])
        #expect(try abs(found.item() - Naive.ntXent(anchors)) < 1e-5)
    }
}
