import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Retrieval and zero-shot classification")
struct RetrievalTests {
    private let home: TemporaryFolder
    private let machine = Machine(device: .cpu, threads: 1)

    init() throws { home = try TemporaryFolder() }

    @Test func ranksAreThoseOfSorting() throws {
        let count = 40
        let queries = try Fixture.tensor((0..<count).map { Fixture.hashed(6, stream: UInt64($0)) }).normalizedRows()
        let gallery = try Fixture.tensor((0..<count).map { Fixture.hashed(6, stream: UInt64(100 + $0)) })
            .normalizedRows()
        let groups = (0..<count).map { $0 % 4 == 0 ? 0 : $0 }
        let scores: [Double] = try queries.matmul(gallery.transpose(0, 1)).toArray()
        let wanted = (0..<count).map { query in
            let order = (0..<count).sorted { scores[query * count + $0] > scores[query * count + $1] }
            return order.firstIndex { groups[$0] == groups[query] } ?? -1
        }
        #expect(
            try Recall.ranks(queries: queries.to(.float32), gallery: gallery.to(.float32), groups: groups) == wanted)
        let recall = Recall(ranks: wanted)
        #expect(recall.at5 == Double(wanted.count { $0 < 5 }) / 40)
        #expect(Recall(ranks: [0, 1, 4, 5, 9, 10]) == Recall(ranks: [10, 9, 5, 4, 1, 0]))
        #expect(Recall(ranks: [0, 1, 4, 5, 9, 10]).at10 == 5 / 6.0)
    }

    @Test func aCollapsedNetworkFindsNothing() throws {
        let rows = try Tensor.ones([12, 4]).normalizedRows()
        let ranks = try Recall.ranks(queries: rows, gallery: rows, groups: Array(0..<12))
        #expect(ranks == Array(repeating: 11, count: 12))
        #expect(Recall(ranks: ranks).at10 == 0)
    }

    @Test func chanceIsTheAverageOfRandomOrders() throws {
        let distinct = Recall(chanceAmong: Array(0..<40))
        #expect(abs(distinct.at1 - 1 / 40.0) < 1e-12 && abs(distinct.at5 - 5 / 40.0) < 1e-12)
        #expect(abs(distinct.at10 - 0.25) < 1e-12)
        #expect(Recall(chanceAmong: [0, 0, 0]).at1 == 1)
        // Fewer than k: all are found.
        #expect(Recall(chanceAmong: [0, 1, 2]).at5 == 1)
        let groups = [0, 0, 0, 3, 4, 4, 6, 7, 8, 9, 10, 11]
        let chance = Recall(chanceAmong: groups)
        var stream = RandomStream(RandomKey(seed: 1, epoch: 0, sample: 0, purpose: .trunk))
        var hits = 0
        let rounds = 20_000
        for round in 0..<rounds {
            let query = round % groups.count
            if stream.permutation(groups.count).prefix(5).contains(where: { groups[$0] == groups[query] }) { hits += 1 }
        }
        #expect(abs(Double(hits) / Double(rounds) - chance.at5) < 5 * (0.25 / Double(rounds)).squareRoot())
    }

    @Test func aTrainedRunFindsItsColours() throws {
        let images = try makeCaptionedImages(["blue", "green", "red"], each: 8, in: home)
        try FileManager.default.removeItem(atPath: "\(home.path)/images/red/12.txt")
        let experiment = try tinyCLIP(
            "method.clip.missing=leave_out", "training.epochs=60", "method.clip.dimension=16",
            "method.clip.text.width=16", "method.clip.loss.temperature=0.3", "training.optimizer.adamw.lr=0.003")
        let path = try trainedCLIP(experiment, on: images, in: home)
        let run = try CLIPRun(path, machine: machine)
        let report = try Retrieval(run).report(on: images, split: "all")
        #expect(report.pairs == 23 && report.leftOut == 1 && report.distinctCaptions == 3 && report.truncated == 0)
        #expect(report.imageToText.at1 > 0.9 && report.textToImage.at1 > 0.9, "\(report)")
        #expect(abs(report.chance.at1 - (8 * 8 + 8 * 8 + 7 * 7) / 23.0 / 23) < 1e-12)
        let json = try #require(try JSONSerialization.jsonObject(with: report.json()) as? [String: Any])
        for key in ["image_to_text", "text_to_image", "chance"] {
            #expect((json[key] as? [String: Double])?.keys.sorted() == ["at1", "at10", "at5"])
        }
        #expect(json["distinct_captions"] as? Int == 3 && json["left_out"] as? Int == 1)

        let judge = try ZeroShot(run, templates: ["a {} one", "the {} one."])
        #expect(judge.prompts("light_blue") == ["a light blue one", "the light blue one."])
        let scored = try judge.report(on: images, split: "all")
        #expect(scored.images == 24 && scored.scores.top1 > 0.9, "\(scored.scores)")
        #expect(abs(scored.chance - 1 / 3.0) < 1e-12 && abs(scored.majority - 1 / 3.0) < 1e-12)
        #expect(scored.scores.confusion?.cells.reduce(0) { $0 + $1.count } == 24)
        let written = try #require(try JSONSerialization.jsonObject(with: scored.json()) as? [String: Any])
        #expect(written["templates"] as? [String] == ["a {} one", "the {} one."])

        // Texts in one batch or another are the same.
        let texts = try run.texts((0..<300).map { $0 % 2 == 0 ? "a red one" : "the blue one of many many words" })
        #expect(texts.embeddings.shape == [300, 16] && texts.truncated == 150)
        let rows: [Float] = try texts.embeddings.toArray()
        for (first, other) in zip(rows[..<16], rows[(298 * 16)..<(299 * 16)]) { #expect(abs(first - other) < 1e-5) }
    }

    @Test func whatCannotBeScoredIsSaid() throws {
        let images = try makeCaptionedImages(["blue", "red"], each: 4, in: home)
        let run = try CLIPRun(
            trainedCLIP(tinyCLIP("training.epochs=1"), on: images, in: home), machine: machine)
        #expect(throws: InvalidSetting.self) { try ZeroShot(run, templates: ["a photo"]) }
        #expect(throws: InvalidSetting.self) { try ZeroShot(run, templates: []) }
        let none = try makeImages(["only"], each: 3, in: TemporaryFolder())
        let retrieval = #expect(throws: TrainingError.self) { try Retrieval(run).report(on: none, split: "") }
        #expect(retrieval?.kind == .data)
        let classes = #expect(throws: TrainingError.self) {
            try ZeroShot(run, templates: ["{}"]).report(on: none, split: "")
        }
        #expect(classes?.kind == .data)
        let folder = RunFolder("\(home.path)/simclr")
        let experiment = try tinyExperiment()
        let model = try experiment.method.component.build(
            encoder: experiment.encoder.component, generator: Generator(seed: 9))
        try EncoderFile.write(model, experiment: experiment, epochs: 0, to: folder)
        let other = #expect(throws: TrainingError.self) { try CLIPRun(folder.path, machine: machine) }
        #expect(other?.reason.contains("simclr") == true)
    }
}
