import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Feature extraction and probes", .serialized)
struct ProbeTests {
    private let home: TemporaryFolder
    private let machine = Machine(device: .cpu, threads: 2)

    /// An untrained encoder's file.
    private func file() throws -> EncoderFile {
        let experiment = try tinyExperiment()
        let model = try experiment.method.component.build(
            encoder: experiment.encoder.component, generator: Generator(seed: 9))
        let folder = RunFolder("\(home.path)/run")
        try EncoderFile.write(model, experiment: experiment, epochs: 0, to: folder)
        return try EncoderFile(folder.path)
    }

    init() throws { home = try TemporaryFolder() }

    @Test func featuresComeInTheSourcesOrderWhateverTheBatch() throws {
        let images = try makeImages(["a", "b"], each: 5, in: home)
        let file = try file()
        let pipeline = try ViewPipeline(file.experiment.views)
        func features(batch: Int) throws -> Features {
            try FeatureExtractor(pipeline: pipeline, machine: machine, batch: batch)
                .features(of: images, by: [file.encoder, file.encoder])
        }
        let (one, four) = (try features(batch: 1), try features(batch: 4))
        #expect(one.samples == Array(0..<10) && four.samples == one.samples)
        #expect(four.labels == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
        #expect(four.rows.map(\.shape) == [[10, 32], [10, 32]])
        let rows: [Double] = try one.rows[0].toArray()
        for tensor in four.rows { #expect(try difference(tensor, [rows]) < 1e-5) }
        #expect(!four.rows[0].requiresGrad)
        // Nothing was trained on the way.
        #expect(try file.encoder.stateDict["norms.0.num_batches_tracked"]?.item() == 0)
        // Turned round, the rows turn round with their labels.
        let backwards = try FeatureExtractor(pipeline: pipeline, machine: machine, batch: 3)
            .features(of: Subset(images, indices: (0..<10).reversed()), by: [file.encoder])
        #expect(backwards.labels == four.labels.reversed())
        let turned = try backwards.rows[0].indexSelect(
            dim: 0, index: Tensor((0..<10).reversed().map { Int64($0) }, shape: [10]))
        #expect(try difference(turned, [rows]) < 1e-5)
    }

    @Test("Features are the same, bit for bit, with any number of threads") func threadsChangeNothing() throws {
        let images = try makeImages(["a", "b"], each: 20, in: home)
        let file = try file()
        let pipeline = try ViewPipeline(file.experiment.views)
        func rows(threads: Int) throws -> [Float] {
            let features = try FeatureExtractor(
                pipeline: pipeline, machine: Machine(device: .cpu, threads: threads), batch: 3
            ).features(of: images, by: [file.encoder])
            #expect(features.samples == Array(0..<40))
            return try features.rows[0].toArray()
        }
        let one = try rows(threads: 1)
        for threads in [2, 5, 40] { #expect(try rows(threads: threads) == one) }
    }

    @Test func progressReachesTheEndAndAFailureIsThrown() throws {
        let images = try makeImages(["a", "b"], each: 6, in: home)
        let file = try file()
        let pipeline = try ViewPipeline(file.experiment.views)
        var seen: [Int] = []
        _ = try FeatureExtractor(pipeline: pipeline, machine: Machine(device: .cpu, threads: 1), batch: 5)
            .features(of: images, by: [file.encoder]) { seen.append($0) }
        #expect(seen == [5, 10, 12])
        // Every image after the first is damaged: whichever thread meets that, all end, and it is told.
        for index in 1..<6 { try Data("x".utf8).write(to: URL(fileURLWithPath: "\(home.path)/images/a/1\(index).png")) }
        let damaged = try ImageFolder("\(home.path)/images")
        #expect(throws: LoaderError.self) {
            try FeatureExtractor(pipeline: pipeline, machine: machine, maximumBad: 0.01, batch: 1)
                .features(of: damaged, by: [file.encoder])
        }
    }

    @Test func damagedImagesLeaveNoRow() throws {
        _ = try makeImages(["a", "b"], each: 3, in: home)
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(home.path)/images/a/11.png"))
        let images = try ImageFolder("\(home.path)/images")
        let file = try file()
        let extractor = try FeatureExtractor(
            pipeline: ViewPipeline(file.experiment.views), machine: machine, maximumBad: 0.5, batch: 2)
        let features = try extractor.features(of: images, by: [file.encoder])
        #expect(features.samples == [0, 2, 3, 4, 5])
        #expect(features.labels == [0, 0, 1, 1, 1])
        #expect(features.rows[0].shape == [5, 32])
        #expect(features.skipped.map(\.name) == ["a/11.png"])
    }

    @Test func reportsScoresProtocolAndControl() throws {
        let images = try makeImages(["blue", "green", "red"], each: 8, in: home)
        let split = Split(stratified: images, fraction: 0.25, seed: 1)
        let file = try file()
        let hash = try EncoderFile.hash(file.path)
        var options = Probe.Options()
        options.beside = [.random]
        options.cost = .value(0.5)
        let report = try Probe(file, machine: machine, options: options)
            .run(train: split.train, test: split.test, split: "by chance")
        #expect(report.encoder.sha256Before == hash && report.encoder.sha256After == hash)
        #expect(report.encoder.architecture == "convnet" && report.encoder.dimension == 32)
        #expect(report.classes == ["blue", "green", "red"])
        #expect(report.trainImages == 18 && report.testImages == 6 && report.skipped == 0)
        #expect(report.split == "by chance")
        #expect(abs(report.majority - 1 / 3.0) < 1e-12)
        // Colours are told apart by any network.
        #expect(report.linearProbe.top1 == 1 && report.knn.top1 == 1)
        #expect(report.linearProbe.confusion?.matrix(classes: 3) == [[2, 0, 0], [0, 2, 0], [0, 0, 2]])
        #expect(report.linearProbe.C == 0.5 && report.linearProbe.converged)
        #expect(report.knn.k == 18 && report.knn.temperature == 0.07)
        #expect(report.linearProbe.top5 == nil)
        for word in ["frozen", "C = 0.5", "k = 18", "T = 0.07", "resize, center_crop", "16"] {
            #expect(report.protocol.contains(word), "\(word)")
        }
        // The control is another network, scored by the same rules.
        let control = try #require(report.control)
        #expect(control.linearProbe.C == 0.5 && control.knn.k == 18)
        #expect(control.linearProbe.objective != report.linearProbe.objective)

        let json = try #require(try JSONSerialization.jsonObject(with: report.json()) as? [String: Any])
        let linear = try #require(json["linear_probe"] as? [String: Any])
        #expect(linear["top1"] as? Double == 1 && linear["C"] as? Double == 0.5)
        let classes = try #require(linear["per_class"] as? [[String: Any]])
        #expect(classes.map { $0["name"] as? String } == ["blue", "green", "red"])
        #expect(classes.map { $0["index"] as? Int } == [0, 1, 2] && classes.map { $0["images"] as? Int } == [2, 2, 2])
        #expect(classes.map { $0["accuracy"] as? Double } == [1, 1, 1])
        #expect(linear["confusion"] as? [[Int]] == [[0, 0, 2], [1, 1, 2], [2, 2, 2]])
        #expect((json["encoder"] as? [String: Any])?["sha256_before"] as? String == hash)
        #expect(json["protocol"] is String)
        try report.write(to: "\(home.path)/probe.json")
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(home.path)/probe.json")) == report.json())
    }

    @Test func theVoteIsChosenAndReported() throws {
        let images = try makeImages(["blue", "green"], each: 6, in: home)
        let file = try file()
        func report(_ vote: Probe.Vote) throws -> ProbeReport {
            var options = Probe.Options()
            (options.neighbours, options.vote) = (3, vote)
            return try Probe(file, machine: machine, options: options).run(train: images, test: images, split: "none")
        }
        let weighted = try report(.cosine(temperature: 0.5))
        #expect(weighted.knn.temperature == 0.5 && weighted.knn.weight == "e^(cos/T)" && weighted.knn.k == 3)
        #expect(weighted.protocol.contains("kNN: cosine, k = 3, weight e^(cos/T) with T = 0.5"))
        let uniform = try report(.uniform)
        #expect(uniform.knn.temperature == nil && uniform.knn.weight == "1")
        #expect(uniform.protocol.contains("kNN: cosine, k = 3, each with one vote"))
        #expect(uniform.knn.top1 == 1)
    }

    @Test func classesKeepTheirNames() throws {
        let images = try makeImages(["camelCase", "Upper Case", "perClass"], each: 4, in: home)
        let report = try Probe(file(), machine: machine).run(train: images, test: images, split: "none")
        let json = try #require(try JSONSerialization.jsonObject(with: report.json()) as? [String: Any])
        let linear = try #require(json["linear_probe"] as? [String: Any])
        #expect(
            (linear["per_class"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
                == ["Upper Case", "camelCase", "perClass"])
        #expect(json["control"] == nil)
    }

    /// Images with other labels than their folders'; -1 for none.
    private struct Labelled: Source {
        let base: any Source
        let classes: [String]
        let labels: [Int]
        var count: Int { labels.count }
        func label(_ index: Int) -> Int? { labels[index] < 0 ? nil : labels[index] }
        func name(_ index: Int) -> String { base.name(index) }
        func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) { try base.read(index, into: buffer) }
    }

    @Test("What has no label, or a class of one side alone, leaves the others' scores as they are")
    func whatCannotBeScoredIsLeftOut() throws {
        let images = try makeImages(["blue", "green", "red"], each: 8, in: home)
        let file = try file()
        var options = Probe.Options()
        (options.neighbours, options.cost) = (3, .value(0.5))
        let probe = Probe(file, machine: machine, options: options)
        let (first, second) = (images.classes, (0..<24).map { images.label($0) ?? -1 })
        // Two classes in full.
        let two = Subset(images, indices: Array(0..<16))
        let clean = try probe.run(
            train: Labelled(base: two, classes: ["blue", "green"], labels: Array(second[..<16])),
            test: Labelled(base: two, classes: ["blue", "green"], labels: Array(second[..<16])), split: "")
        #expect(clean.leftOut == LeftOut())
        // The same with unlabelled images, an unknown class and one that training lacks, by a list with gaps.
        let names = ["blue", "nothing", "crane", "green", "crane"]
        let wide = second.map { $0 == 0 ? 0 : $0 == 1 ? 3 : -1 }
        let odd = second.map { $0 == 0 ? 0 : $0 == 1 ? 3 : 4 }
        let messy = try probe.run(
            train: Labelled(base: images, classes: names, labels: wide),
            test: Labelled(base: images, classes: names, labels: odd), split: "")
        #expect(
            messy.leftOut?.summary
                == "8 training images without a label, 8 test images of 1 class that training lacks (crane (4))")
        #expect(messy.trainImages == 16 && messy.testImages == 16)
        #expect(messy.linearProbe.top1 == clean.linearProbe.top1 && messy.knn == clean.knn)
        #expect(messy.linearProbe.objective == clean.linearProbe.objective && messy.majority == clean.majority)
        #expect(messy.linearProbe.perClass.map(\.name) == names)
        #expect(messy.linearProbe.perClass.map(\.images) == [8, 0, 0, 8, 0])
        #expect(messy.linearProbe.confusion?.cells.map { [$0.row, $0.column] } == [[0, 0], [3, 3]])
        // A test side with a list of its own is matched by name.
        let turned = try probe.run(
            train: images,
            test: Labelled(base: images, classes: ["red", "yak", "blue"], labels: second.map { 2 - $0 }),
            split: "")
        #expect(turned.leftOut?.testUnknown == [.init(name: "yak", images: 8)] && turned.testImages == 16)
        #expect(turned.leftOut?.untested == ["green"] && turned.linearProbe.top1 == 1 && first.count == 3)
    }

    @Test func withoutATestImageThatCanBeScoredItSaysWhy() throws {
        let images = try makeImages(["blue", "green"], each: 4, in: home)
        let flat = Labelled(base: images, classes: [], labels: Array(repeating: -1, count: 8))
        let error = #expect(throws: TrainingError.self) {
            try Probe(file(), machine: machine).run(train: images, test: flat, split: "")
        }
        #expect(error?.kind == .data && error?.reason.contains("8 test images without a label") == true)
        let one = Labelled(base: images, classes: images.classes, labels: [0, 0, -1, -1, 0, -1, -1, -1])
        let other = #expect(throws: TrainingError.self) {
            try Probe(file(), machine: machine).run(train: one, test: images, split: "")
        }
        #expect(other?.reason.contains("3 of one class") == true)
    }

    @Test("Of many classes the report keeps no confusion, and says so") func manyClassesInTheReport() throws {
        let images = try makeImages(["blue", "green"], each: 4, in: home)
        let names = (0..<1001).map { "class \($0)" }
        let many = Labelled(base: images, classes: names, labels: [0, 0, 0, 0, 1000, 1000, 1000, 1000])
        let report = try Probe(file(), machine: machine).run(train: many, test: many, split: "")
        #expect(report.linearProbe.confusion == nil)
        #expect(report.linearProbe.confusionNote == "left out: there are 1001 classes, more than 1000")
        #expect(report.linearProbe.top1 == 1 && report.linearProbe.top5 == nil)
    }

    @Test func needsClassesAndTestImages() throws {
        let one = try makeImages(["only"], each: 4, in: home)
        let error = #expect(throws: TrainingError.self) {
            try Probe(file(), machine: machine).run(train: one, test: one, split: "")
        }
        #expect(error?.kind == .data)
        let two = try makeImages(["only", "other"], each: 4, in: home)
        #expect(throws: TrainingError.self) {
            try Probe(file(), machine: machine).run(train: two, test: Subset(two, indices: []), split: "")
        }
    }

    @Test func aDivergedEncoderIsNotScored() throws {
        let images = try makeImages(["a", "b"], each: 3, in: home)
        let file = try file()
        try #require(file.encoder.stateDict["norms.3.bias"]).copy(from: Tensor.full([], .nan))
        let error = #expect(throws: TrainingError.self) {
            try Probe(file, machine: machine).run(train: images, test: images, split: "")
        }
        #expect(error?.reason.contains("diverged") == true)
    }

    @Test func aFileThatChangesMeanwhileIsNotScored() throws {
        let images = try makeImages(["a", "b"], each: 3, in: home)
        let file = try file()
        let error = #expect(throws: TrainingError.self) {
            try Probe(file, machine: machine).run(train: images, test: images, split: "") { what, _ in
                guard what == "linear probe" else { return }
                try? Data("other".utf8).write(to: URL(fileURLWithPath: file.path))
            }
        }
        #expect(error?.reason.contains("changed while it was scored") == true)
    }
}
