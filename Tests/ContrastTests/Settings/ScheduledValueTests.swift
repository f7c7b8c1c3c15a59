import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Values scheduled over training")
struct CourseTests {
    private func ntXent(_ text: String) throws -> NTXent {
        let text = "method: {simclr: {loss: {nt_xent: {temperature: \(text)}}}}"
        let method = try ConfigurationReader(file: "test", text: text).read(Experiment.self).method.component
        return try #require((method as? SimCLR)?.loss.component as? NTXent)
    }

    @Test func goFromOneEndToTheOther() {
        let linear = ScheduledValue(from: 1, to: 0.2, shape: .linear)
        #expect(linear.value(at: 0) == 1 && linear.value(at: 1) == 0.2)
        #expect(abs(linear.value(at: 0.25) - 0.8) < 1e-12)
        let cosine = ScheduledValue(from: 0.99, to: 1)
        #expect(cosine.value(at: 0) == 0.99 && cosine.value(at: 1) == 1)
        // BYOL's 1 - (1 - m) (cos(pi k / K) + 1) / 2.
        for progress in [0.1, 0.5, 0.9] {
            let wanted = 1 - 0.01 * (cos(.pi * progress) + 1) / 2
            #expect(abs(cosine.value(at: progress) - wanted) < 1e-12)
        }
        for progress in [0, 0.3, 1] { #expect(ScheduledValue(0.1).value(at: progress) == 0.1) }
    }

    @Test(
        "Files write them as a number or as a mapping",
        arguments: [
            ("0.25", ScheduledValue(0.25)), ("1", ScheduledValue(1)),
            ("{from: 0.5, to: 0.1}", ScheduledValue(from: 0.5, to: 0.1)),
            ("{from: 0.5, to: 0.1, shape: linear}", ScheduledValue(from: 0.5, to: 0.1, shape: .linear)),
        ])
    func readAndWritten(text: String, value: ScheduledValue) throws {
        let loss = try ntXent(text)
        #expect(loss.temperature == value)
        var experiment = Experiment()
        var method = SimCLR()
        method.loss = .init(loss)
        experiment.method = .init(method)
        let written = try ConfigurationWriter.yaml(experiment)
        let again = try ConfigurationReader(file: "again", text: written).read(Experiment.self)
        let read = (again.method.component as? SimCLR)?.loss.component as? NTXent
        #expect(read?.temperature == value)
    }

    @Test func theLossFollowsThem() throws {
        let views = try [1, 2].map { try Tensor(Fixture.hashed(20, stream: $0), shape: [5, 4]) }
        func value(_ loss: some Loss) throws -> Double { try loss(views[0], views[1], labels: nil).item() }
        var hcl = HCL(temperature: 1, tauPlus: 0, beta: 0)
        hcl.temperature = ScheduledValue(from: 1, to: 0.5, shape: .linear)
        hcl.tauPlus = ScheduledValue(from: 0, to: 0.2, shape: .linear)
        hcl.beta = ScheduledValue(from: 0, to: 4, shape: .linear)
        #expect(try value(hcl) == value(HCL(temperature: 1, tauPlus: 0, beta: 0)))
        #expect(try value(hcl.at(0.5)) == value(HCL(temperature: 0.75, tauPlus: 0.1, beta: 2)))
        #expect(try value(hcl.at(1)) == value(HCL(temperature: 0.5, tauPlus: 0.2, beta: 4)))
        var cosine = CosineCritic(temperature: 1)
        cosine.temperature = ScheduledValue(from: 1, to: 0.5, shape: .linear)
        let changing = try InfoNCE(critic: cosine).build(dimension: 4, generator: Generator(seed: 1))
        let fixed = try InfoNCE(critic: CosineCritic(temperature: 0.75)).build(
            dimension: 4, generator: Generator(seed: 1))
        let (now, wanted) = (
            try changing.at(0.5)(views[0], views[1], labels: nil), try fixed(views[0], views[1], labels: nil)
        )
        #expect(try now.item() == wanted.item())
    }

    @Test func theMethodFollowsTheRun() throws {
        let method = try tinyExperiment(
            "method={simclr: {head: none, loss: {nt_xent: {temperature: {from: 1, to: 0.1}}}}}"
        ).method.component
        let images = try Tensor(Fixture.hashed(8 * 3 * 64, stream: 1), shape: [8, 3, 8, 8]).to(.float32)
        func loss(_ progress: Double) throws -> Double {
            let model = try method.build(encoder: architecture("convnet: {width: 2}"), generator: Generator(seed: 4))
            let views = [ViewTensor(images: images, count: 2)]
            return try model.objective(ContrastiveBatch(branches: views, progress: progress)).loss.item()
        }
        let model = try method.build(encoder: architecture("convnet: {width: 2}"), generator: Generator(seed: 4))
        let rows = try model.encoder(images, training: true).chunk(2, dim: 0)
        for progress in [0, 0.5] {
            let tau = ScheduledValue(from: 1, to: 0.1).value(at: progress)
            let wanted = try NTXent(temperature: tau)(rows[0], rows[1]).item()
            #expect(try abs(loss(progress) - wanted) < 1e-6)
        }
    }
}
