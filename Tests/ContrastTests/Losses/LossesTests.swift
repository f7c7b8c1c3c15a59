import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// An objective with the formula that it must equal.
struct LossCase: CustomTestStringConvertible, Sendable {
    var name: String
    var loss: any LossSettings
    var labels: LabelSets?
    /// Of rows, and of the rows at which weights without a gradient are taken.
    var formula: @Sendable (_ x: Naive.Rows, _ y: Naive.Rows, _ x0: Naive.Rows, _ y0: Naive.Rows) -> Double
    /// The length over which the formula bends; steps of differences are a thousandth of it.
    var scale: Double
    var normalize: Bool

    var testDescription: String { name }
}

private let labels = LabelSets(classes: [2, 0, 2, -1, 0, -1])
private let labelSets = LabelSets([[2, 0], [0], [1, 2, 0, 3], [], [0, 2], [3]])

private func cases() -> [LossCase] {
    var cases: [LossCase] = []
    for normalize in [true, false] {
        for tau in [0.01, 0.07, 0.5, 1] {
            func add(
                _ name: String, _ loss: any LossSettings, labels: LabelSets? = nil,
                _ formula: @escaping @Sendable (Naive.Rows, Naive.Rows, Naive.Rows, Naive.Rows) -> Double
            ) {
                cases.append(
                    LossCase(
                        name: "\(name), tau \(tau), normalised \(normalize)", loss: loss, labels: labels,
                        formula: formula, scale: tau, normalize: normalize))
            }
            add("nt_xent", NTXent(temperature: tau, normalize: normalize)) { x, y, _, _ in
                Naive.ntXent(x, y, tau: tau)
            }
            let critic: any CriticSettings = normalize ? CosineCritic(temperature: tau) : DotCritic(temperature: tau)
            add("info_nce", InfoNCE(critic: critic)) { x, y, _, _ in Naive.infoNCE(Naive.products(x, y, tau: tau)) }
            add("info_nce both ways", InfoNCE(critic: critic, symmetric: true)) { x, y, _, _ in
                Naive.symmetric(Naive.products(x, y, tau: tau))
            }
            add("clip", CLIPLoss(temperature: tau, normalize: normalize)) { x, y, _, _ in
                Naive.symmetric(Naive.products(x, y, tau: tau))
            }
            add("dcl", DCL(temperature: tau, normalize: normalize)) { x, y, _, _ in Naive.dcl(x, y, tau: tau) }
            add("dclw", DCLW(temperature: tau, sigma: 0.4, normalize: normalize)) { x, y, x0, y0 in
                Naive.dcl(x, y, tau: tau, weights: Naive.weights(x0, y0, sigma: 0.4))
            }
            add("debiased", Debiased(temperature: tau, tauPlus: 0.05, normalize: normalize)) { x, y, _, _ in
                Naive.debiased(x, y, tau: tau, tauPlus: 0.05)
            }
            for beta in [0.5, 1] {
                add("hcl beta \(beta)", HCL(temperature: tau, tauPlus: 0.05, beta: beta, normalize: normalize)) {
                    x, y, _, _ in Naive.hcl(x, y, tau: tau, tauPlus: 0.05, beta: beta)
                }
            }
            for (hardest, semiHard) in [(2, false), (3, true), (100, true)] {
                add(
                    "hard_negatives \(hardest) \(semiHard)",
                    HardNegatives(temperature: tau, hardest: hardest, semiHard: semiHard, normalize: normalize)
                ) { x, y, _, _ in
                    Naive.hardNegatives(Naive.anchors(x, y, tau), hardest: hardest, semiHard: semiHard)
                }
            }
            for (top, threshold, strategy) in [
                (0, -1.0, FNC.Strategy.eliminate), (3, 0.1, .eliminate), (3, 0.1, .attract),
            ] {
                add(
                    "fnc \(top) \(strategy)",
                    FNC(temperature: tau, top: top, threshold: threshold, strategy: strategy, normalize: normalize)
                ) { x, y, x0, y0 in
                    Naive.fnc(
                        x, y, x0, y0, tau: tau, top: top, threshold: threshold, attract: strategy == .attract)
                }
            }
            for (name, labels) in [("classes", labels), ("label sets", labelSets)] {
                add("sup_con of \(name)", SupCon(temperature: tau, normalize: normalize), labels: labels) {
                    x, y, _, _ in
                    Naive.supCon(x, y, labels: labels.sets, tau: tau)
                }
            }
        }
        for (alpha, t) in [(2.0, 2.0), (1, 0.5), (3, 4)] {
            var loss = AlignmentUniformity()
            (loss.alignment, loss.uniformity, loss.alpha, loss.t, loss.normalize) = (0.75, 1.25, alpha, t, normalize)
            cases.append(
                LossCase(
                    name: "alignment_uniformity, alpha \(alpha), t \(t), normalised \(normalize)", loss: loss,
                    formula: { x, y, _, _ in Naive.alignmentUniformity(x, y, 0.75, 1.25, alpha: alpha, t: t) },
                    scale: 0.3, normalize: normalize))
        }
    }
    return cases
}

@Suite("Losses")
struct LossesTests {
    /// Pairs of which the second leans on the first, at six of five numbers with lengths 0.7...1.4, exact in float32.
    private static func rows(
        _ stream: UInt64, count: Int = 6, size: Int = 5, leaning share: Double = 0.5
    ) -> (Naive.Rows, Naive.Rows) {
        let noise = [stream, stream + 1].map { stream in
            Fixture.hashed(count * size, stream: stream).map { ($0 * 64).rounded() / 64 }
        }
        func rows(_ values: [Double]) -> Naive.Rows { (0..<count).map { Array(values[$0 * size..<($0 + 1) * size]) } }
        return (rows(noise[0]), rows(zip(noise[0], noise[1]).map { share * $0 + (1 - share) * $1 }))
    }

    private static func build(_ loss: any LossSettings, _ dimension: Int = 5) throws -> any Loss {
        try loss.build(dimension: dimension, generator: Generator(seed: 7))
    }

    private static func objective(
        _ loss: any LossSettings, _ x: Tensor, _ y: Tensor, labels: LabelSets? = nil
    ) throws -> Tensor {
        let loss = try build(loss, x.shape[1])
        return try loss(x, y, labels: labels)
    }

    @Test("Values and gradients are those of the formulas", arguments: cases())
    func equalTheFormulas(test: LossCase) throws {
        let (x, y) = Self.rows(40)
        func on(_ rows: Naive.Rows) -> Naive.Rows { test.normalize ? Naive.unit(rows) : rows }
        let (x0, y0) = (on(x), on(y))
        let wanted = test.formula(x0, y0, x0, y0)
        try #require(wanted.isFinite)
        let step = 1e-3 * test.scale
        let gradients = [
            Naive.gradient(x, step: step) { test.formula(on($0), y0, x0, y0) },
            Naive.gradient(y, step: step) { test.formula(x0, on($0), x0, y0) },
        ]
        // CLIP keeps its temperature's logarithm in float32.
        let learnt = test.loss is CLIPLoss ? 100.0 : 1
        // In float64 what differs is the formula; in float32 scores as large as 1 / tau are rounded too.
        let exact = try Self.error(of: test, at: (x, y), .float64, wanted: wanted, gradients)
        #expect(exact.value <= 1e-9 * learnt && exact.gradient <= 1e-7 * learnt, "float64: \(exact)")
        let single = try Self.error(of: test, at: (x, y), .float32, wanted: wanted, gradients)
        #expect(single.value <= 2e-6 && single.gradient <= 1e-5, "float32: \(single)")
    }

    /// How far a loss lies from its formula: the value relative to the wanted one, at least 1, and gradients relative to
    /// the largest entry.
    private static func error(
        of test: LossCase, at rows: (Naive.Rows, Naive.Rows), _ dtype: DType, wanted: Double, _ gradients: [Naive.Rows]
    ) throws -> (value: Double, gradient: Double) {
        let views = [try Fixture.tensor(rows.0).to(dtype), try Fixture.tensor(rows.1).to(dtype)]
        for view in views { try view.setRequiresGrad() }
        let loss = try objective(test.loss, views[0], views[1], labels: test.labels)
        try loss.backward()
        let value = try loss.item()
        let entries = gradients.flatMap { $0.flatMap { $0 } }
        let largest = entries.reduce(0.0) { max($0, abs($1)) }
        let first = try #require(try views[0].grad())
        let second = try #require(try views[1].grad())
        let errors = [
            try difference(first, gradients[0], floor: largest), try difference(second, gradients[1], floor: largest),
        ]
        return (abs(value - wanted) / max(1, abs(wanted)), max(errors[0], errors[1]))
    }

    @Test("Identities", arguments: [0.05, 0.5], [true, false]) func identities(tau: Double, normalize: Bool) throws {
        let (x, y) = Self.rows(50)
        func value(_ loss: any LossSettings, labels: LabelSets? = nil) throws -> Double {
            try Self.objective(loss, Fixture.tensor(x), Fixture.tensor(y), labels: labels).item()
        }
        let ntXent = try value(NTXent(temperature: tau, normalize: normalize))
        let debiased = try value(Debiased(temperature: tau, tauPlus: 0.1, normalize: normalize))
        let hcl = try value(HCL(temperature: tau, tauPlus: 0.1, beta: 0, normalize: normalize))
        #expect(abs(hcl - debiased) < 1e-12)
        let unbiased = try value(Debiased(temperature: tau, tauPlus: 0, normalize: normalize))
        // The floor n e^{-1 / tau} is reached only by rows longer than 1.
        #expect(abs(unbiased - ntXent) < (normalize ? 1e-10 : 1e-3))
        let mined = try value(HardNegatives(temperature: tau, hardest: 100, normalize: normalize))
        let certain = try value(FNC(temperature: tau, top: 3, threshold: 1, strategy: .attract, normalize: normalize))
        #expect(abs(mined - ntXent) < 1e-12 && abs(certain - ntXent) < 1e-12)
        let apart = [
            nil, LabelSets(classes: [0, 1, 2, 3, 4, 5]), LabelSets(classes: Array(repeating: -1, count: 6)),
            LabelSets([[0, 6], [1], [2, 7], [3, 8, 9], [], []]),
        ]
        for labels in apart {
            let supCon = try value(SupCon(temperature: tau, normalize: normalize), labels: labels)
            #expect(abs(supCon - ntXent) < 1e-12)
        }
        // Equal sets of several labels are one class.
        let supCon = SupCon(temperature: tau, normalize: normalize)
        let classes = try value(supCon, labels: labels)
        let sets = try value(supCon, labels: LabelSets(labels.sets.map { $0.flatMap { [$0, $0 + 10] } }))
        #expect(abs(classes - sets) < 1e-12 && abs(classes - ntXent) > 1e-3)
    }

    @Test("All rows equal give the logarithm of the candidates", arguments: [2, 7], [0.01, 0.5])
    func equalRows(pairs: Int, tau: Double) throws {
        let row = try Tensor([0.3, -0.2, 0.9], shape: [1, 3]) * Tensor.ones([pairs, 1], dtype: .float64)
        func value(_ loss: any LossSettings) throws -> Double { try Self.objective(loss, row, row).item() }
        let n = Double(pairs)
        #expect(try abs(value(NTXent(temperature: tau)) - log(2 * n - 1)) < 1e-10)
        #expect(try abs(value(InfoNCE(critic: CosineCritic(temperature: tau))) - log(n)) < 1e-10)
        #expect(try abs(value(InfoNCE(critic: CosineCritic(temperature: tau), symmetric: true)) - log(n)) < 1e-10)
        #expect(try abs(value(CLIPLoss(temperature: tau)) - log(n)) < 1e-10)
        #expect(try abs(value(DCL(temperature: tau)) - log(2 * n - 2)) < 1e-10)
        #expect(try abs(value(DCLW(temperature: tau)) - log(2 * n - 2)) < 1e-10)
        #expect(try abs(value(AlignmentUniformity())) < 1e-10)
    }

    @Test("At tau 0.01 nothing overflows in half precision", arguments: [DType.float32, .float16, .bfloat16])
    func smallTemperatures(dtype: DType) throws {
        let (x, y) = Self.rows(60)
        let losses: [any LossSettings] = [
            InfoNCE(critic: CosineCritic(temperature: 0.01)), CLIPLoss(temperature: 0.01), DCL(temperature: 0.01),
            DCLW(temperature: 0.01), Debiased(temperature: 0.01, tauPlus: 0.3),
            HCL(temperature: 0.01, tauPlus: 0.3, beta: 2), SupCon(temperature: 0.01), AlignmentUniformity(),
            HardNegatives(temperature: 0.01, hardest: 2, semiHard: true),
        ]
        for loss in losses {
            let views = try [x, y].map { try Fixture.tensor($0).to(dtype) }
            for view in views { try view.setRequiresGrad() }
            let value = try Self.objective(loss, views[0], views[1], labels: labels)
            try value.backward()
            // The same numbers, carried exactly into float64.
            let exact = try Self.objective(loss, views[0].to(.float64), views[1].to(.float64), labels: labels).item()
            // Scores as large as 100 are rounded by 2^-17 in float32, however small their difference.
            #expect(try abs(value.item() - exact) < max(2e-6 * abs(exact), 0x1p-17), "\(loss)")
            let gradient = try #require(try views[0].grad())
            #expect(gradient.dtype == dtype)
            #expect(try gradient.toArray(Float.self).allSatisfy { $0.isFinite }, "\(loss)")
        }
    }

    @Test("In float32 64 pairs of 128 numbers are as exact", arguments: [0.01, 0.07, 0.5, 1], [true, false])
    func manyPairs(tau: Double, normalize: Bool) throws {
        // Views at cosines near 0.25: where they nearly agree, the gradient at tau 0.01 is itself a rounding error.
        let (x, y) = Self.rows(90, count: 64, size: 128, leaning: 0.2)
        let labels = LabelSets(classes: (0..<64).map { $0 % 5 - 1 })
        let critic: any CriticSettings = normalize ? CosineCritic(temperature: tau) : DotCritic(temperature: tau)
        let losses: [any LossSettings] = [
            NTXent(temperature: tau, normalize: normalize), InfoNCE(critic: critic),
            CLIPLoss(temperature: tau, normalize: normalize),
            DCL(temperature: tau, normalize: normalize), DCLW(temperature: tau, normalize: normalize),
            Debiased(temperature: tau, tauPlus: 0.1, normalize: normalize),
            HCL(temperature: tau, tauPlus: 0.1, beta: 1, normalize: normalize),
            SupCon(temperature: tau, normalize: normalize),
            HardNegatives(temperature: tau, hardest: 16, normalize: normalize),
            FNC(temperature: tau, top: 4, threshold: 0.1, strategy: .attract, normalize: normalize),
        ]
        func run(_ loss: any LossSettings, _ dtype: DType) throws -> (value: Double, gradients: [[Double]]) {
            let views = try [x, y].map { try (Fixture.tensor($0) * (normalize ? 1 : 0.15)).to(.float32).to(dtype) }
            for view in views { try view.setRequiresGrad() }
            let value = try Self.objective(loss, views[0], views[1], labels: labels)
            try value.backward()
            return (try value.item(), try views.map { try #require(try $0.grad()).toArray() })
        }
        for loss in losses {
            let (single, exact) = (try run(loss, .float32), try run(loss, .float64))
            #expect(abs(single.value - exact.value) <= 2e-6 * max(1, abs(exact.value)), "\(loss)")
            let largest = exact.gradients.joined().reduce(0.0) { max($0, abs($1)) }
            let differences = zip(single.gradients.joined(), exact.gradients.joined()).map { abs($0 - $1) }
            #expect((differences.max() ?? .nan) <= 1e-5 * largest, "\(loss)")
        }
    }

    @Test("The bound beside a loss is that of its scores") func contrasts() throws {
        let (x, y) = Self.rows(70)
        let (first, second) = (try Fixture.tensor(x), try Fixture.tensor(y))
        try first.setRequiresGrad()
        let wanted = Naive.ntXent(Naive.unit(x), Naive.unit(y), tau: 0.2)
        let losses: [any LossSettings] = [
            DCL(temperature: 0.2), DCLW(temperature: 0.2), Debiased(temperature: 0.2, tauPlus: 0.1),
            HCL(temperature: 0.2, tauPlus: 0.1, beta: 1), SupCon(temperature: 0.2),
            HardNegatives(temperature: 0.2, hardest: 2),
            FNC(temperature: 0.2, top: 1, threshold: 0, strategy: .attract),
        ]
        for loss in losses {
            let loss = try Self.build(loss)
            #expect(loss.candidates(pairs: 6) == 11)
            let contrast = try #require(try loss.contrast(first, second))
            #expect(try abs(contrast.item() - wanted) < 1e-12)
            #expect(!contrast.requiresGrad)
        }
        for loss in [InfoNCE(), CLIPLoss()] as [any LossSettings] {
            let loss = try Self.build(loss)
            #expect(loss.candidates(pairs: 6) == 6)
            #expect(try loss.contrast(first, second) == nil)
        }
        let none = try Self.build(AlignmentUniformity())
        #expect(none.candidates(pairs: 6) == nil)
    }

    @Test("CLIP learns its temperature and holds it to 100") func learntTemperature() throws {
        let (x, y) = Self.rows(80)
        let (first, second) = (try Fixture.tensor(x).to(.float32), try Fixture.tensor(y).to(.float32))
        let loss = try LearnedTemperatureLoss(CLIPLoss(temperature: 0.2))
        #expect(loss.namedParameters.map(\.key) == ["logit_scale"])
        try loss(first, second, labels: nil).backward()
        let found = try #require(try loss.logitScale.value.grad()).item()
        func value(_ scale: Double) -> Double {
            Naive.symmetric(Naive.products(Naive.unit(x), Naive.unit(y), tau: exp(-scale)))
        }
        let wanted = Naive.gradient([[log(5.0)]], step: 1e-3) { value($0[0][0]) }[0][0]
        #expect(abs(found - wanted) < 1e-5 * abs(wanted))
        try loss.logitScale.value.detach().copy(from: .full([], 9))
        let held = try loss(first, second, labels: nil)
        #expect(try abs(held.item() - value(log(100))) < 1e-5)
        #expect(try abs(loss.logitScale.value.item() - log(100)) < 1e-6)
        var fixed = CLIPLoss()
        fixed.learnTemperature = false
        #expect(try LearnedTemperatureLoss(fixed).namedParameters.isEmpty)
    }

    @Test(
        "Settings that cannot be used are named",
        arguments: [
            ("nt_xent: {temperature: 0}", "nt_xent.temperature"), ("nt_xent: {beta: 1}", "nt_xent.beta"),
            ("nt_xent: {temperature: {from: 0.5, to: 0}}", "nt_xent.temperature.to"),
            ("nt_xent: {temperature: {from: 0.5, to: 0.1, shape: round}}", "nt_xent.temperature.shape"),
            ("nt_xent: {temperature: {from: 0.5}}", "nt_xent.temperature.to"),
            ("nt_xent: {temperature: hot}", "nt_xent.temperature"),
            ("hcl: {tau_plus: {from: 0, to: 1}}", "hcl.tau_plus.to"),
            ("hcl: {beta: {from: -1, to: 1}}", "hcl.beta.from"),
            ("info_nce: {critic: {cosine: {temperature: 0}}}", "info_nce.critic.cosine.temperature"),
            ("info_nce: {critic: {separable: {hidden: 0}}}", "info_nce.critic.separable.hidden"),
            ("info_nce: {critic: {concatenated: {layers: 1}}}", "info_nce.critic.concatenated.layers"),
            ("clip: {temperature: 0.001}", "clip.temperature"), ("dcl: {temperature: -1}", "dcl.temperature"),
            ("dclw: {sigma: 0}", "dclw.sigma"), ("debiased: {tau_plus: 1}", "debiased.tau_plus"),
            ("hcl: {tau_plus: -0.1}", "hcl.tau_plus"), ("hcl: {beta: -1}", "hcl.beta"),
            ("debiased: {beta: 1}", "debiased.beta"), ("sup_con: {temperature: 0}", "sup_con.temperature"),
            ("hard_negatives: {hardest: 0}", "hard_negatives.hardest"),
            ("hard_negatives: {hardest: {from: 64, to: 0.5}}", "hard_negatives.hardest.to"),
            ("fnc: {threshold: 1.5}", "fnc.threshold"), ("fnc: {top: -1}", "fnc.top"),
            ("fnc: {strategy: forget}", "fnc.strategy"),
            ("alignment_uniformity: {alignment: 0, uniformity: 0}", "alignment_uniformity.uniformity"),
            ("alignment_uniformity: {t: 0}", "alignment_uniformity.t"),
        ])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationReader(file: "test", text: "method: {simclr: {loss: {\(text)}}}").read(Experiment.self)
        }
        #expect(error?.path == "method.simclr.loss.\(path)")
    }

    @Test func supConNeedsClasses() {
        var method = SimCLR()
        method.loss = .init(SupCon())
        for classes in [0, 1] {
            let error = #expect(throws: InvalidSetting.self) {
                try method.validate(TrainingData(pairs: 8, classes: classes))
            }
            #expect(error?.key == "loss.sup_con")
        }
        #expect(throws: Never.self) { try method.validate(TrainingData(pairs: 8, classes: 2)) }
    }
}
