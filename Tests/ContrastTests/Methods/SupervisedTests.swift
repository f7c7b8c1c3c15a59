import Testing
import Torch
import Views

@testable import Contrast

@Suite("Supervised")
struct SupervisedTests {
    private func model(classes: Int = 3) throws -> any ContrastiveModel {
        try Supervised().build(
            encoder: architecture("convnet: {width: 2}"), data: TrainingData(images: 9, classes: classes),
            generator: Generator(seed: 4))
    }

    private func views(_ count: Int, of images: Int) throws -> ViewTensor {
        let values = Fixture.hashed(count * images * 3 * 8 * 8, stream: 1)
        return ViewTensor(images: try Tensor(values, shape: [count * images, 3, 8, 8]).to(.float32), count: count)
    }

    private func rows(_ tensor: Tensor) throws -> [[Double]] {
        try tensor.chunk(tensor.shape[0], dim: 0).map { try $0.to(.float64).toArray(Double.self) }
    }

    /// `-log softmax(W f + b)[y]` in float64, over the images of known class.
    private func naive(_ features: [[Double]], _ model: any ContrastiveModel, _ labels: [Int]) throws -> Double {
        let state = model.stateDict
        let weight = try rows(#require(state["classifier.weight"]))
        let bias = try #require(state["classifier.bias"]).to(.float64).toArray(Double.self)
        let losses = zip(features, labels).filter { $0.1 >= 0 }.map { row, label in
            let scores = zip(weight, bias).map { w, b in zip(w, row).reduce(b) { $0 + $1.0 * $1.1 } }
            return Naive.logSum(scores) - scores[label]
        }
        return Naive.mean(losses)
    }

    @Test(arguments: [1, 2], [[0, 2, 1, 1, 0], [2, -1, 0, -1, 1]])
    func theLossIsTheCrossEntropyOfKnownClasses(count: Int, labels: [Int]) throws {
        let model = try model()
        let views = try views(count, of: 5)
        let objective = try model.objective(ContrastiveBatch(branches: [views], labels: LabelSets(classes: labels)))
        let features = try rows(self.model().encoder(views.images, training: true))
        let wanted = try Naive.mean(
            (0..<count).map { try naive(Array(features[$0 * 5..<$0 * 5 + 5]), self.model(), labels) })
        #expect(try abs(objective.loss.item() - wanted) < 2e-6)
        #expect(objective.candidates == nil)
        #expect(objective.embeddings.second.shape == [5, 16] && !objective.embeddings.second.requiresGrad)
        try objective.loss.backward()
        for (key, parameter) in model.namedParameters { #expect(try parameter.value.grad() != nil, "\(key)") }
    }

    /// `sum_k t_k (-log softmax(W f + b)_k)` in float64 with the smoothed targets of both images of a mixed view.
    @Test(arguments: [0.0, 0.1], [nil, 0.3] as [Double?])
    func smoothedAndMixedTargets(smoothing: Double, share: Double?) throws {
        var method = Supervised()
        method.labelSmoothing = smoothing
        let (settings, data) = (try architecture("convnet: {width: 2}"), TrainingData(images: 9, classes: 3))
        func model() throws -> any ContrastiveModel {
            try method.build(encoder: settings, data: data, generator: Generator(seed: 4))
        }
        let (labels, partners) = ([0, 2, 1, 1], [2, 1, 3, 0])
        let views = try views(1, of: 4)
        var batch = ContrastiveBatch(branches: [views], labels: LabelSets(classes: labels))
        if let share { batch.mixing = Mixing(kind: .mixup, partners: partners, branches: [.init(lambda: share)]) }
        let loss = try model().objective(batch).loss.item()
        let features = try rows(model().encoder(views.images, training: true))
        let state = try model().stateDict
        let weight = try rows(#require(state["classifier.weight"]))
        let bias = try #require(state["classifier.bias"]).to(.float64).toArray(Double.self)
        let losses = features.enumerated().map { place, row in
            let scores = zip(weight, bias).map { w, b in zip(w, row).reduce(b) { $0 + $1.0 * $1.1 } }
            var target = [Double](repeating: smoothing / 3, count: 3)
            target[labels[place]] += (1 - smoothing) * (share ?? 1)
            target[labels[partners[place]]] += (1 - smoothing) * (1 - (share ?? 1))
            return zip(target, scores).reduce(0) { $0 + $1.0 * (Naive.logSum(scores) - $1.1) }
        }
        #expect(abs(loss - Naive.mean(losses)) < 2e-6)
    }

    @Test func aShareOfTheLabelsIsDrawnFromEachClassByTheSeed() throws {
        var method = Supervised()
        method.labels = 0.2
        let images = Labels(labels: (0..<50).map { $0 < 40 ? 0 : 1 })
        let drawn = method.drawn(from: images, seed: 1)
        let labels = (0..<drawn.images.count).map { drawn.images.label($0) }
        #expect(labels.count { $0 == 0 } == 8 && labels.count { $0 == 1 } == 2)
        #expect(drawn.note == "method.supervised: learns from 10 images, 20% of each class")
        func names(_ seed: UInt64) -> [String] {
            let drawn = method.drawn(from: images, seed: seed).images
            return (0..<drawn.count).map(drawn.name)
        }
        #expect(names(1) == names(1) && names(1) != names(2))
        method.labels = 0.001
        #expect(method.drawn(from: images, seed: 1).images.count == 2)
        method.labels = 0
        #expect(throws: InvalidSetting.self) { try method.validate() }
    }

    @Test func withoutLabelsItSaysSo() throws {
        for labels in [nil, [-1, -1, -1]] as [[Int]?] {
            let batch = try ContrastiveBatch(
                branches: [views(1, of: 3)], labels: labels.map { LabelSets(classes: $0) })
            #expect(throws: TorchError.self) { try model().objective(batch) }
        }
        #expect(throws: Never.self) { try Supervised().validate(TrainingData(pairs: 4, classes: 2)) }
        let error = #expect(throws: InvalidSetting.self) {
            try Supervised().validate(TrainingData(pairs: 4, classes: 1))
        }
        #expect(error?.reason.contains("two class folders") == true)
    }

    /// Nothing but labels.
    private struct Labels: Source {
        let labels: [Int]
        var isSets = false
        var count: Int { labels.count }
        var columns: Set<ImageColumn> { isSets ? [.labels] : [] }
        func labels(_ index: Int) -> [Int] { labels[index] < 0 ? [] : isSets ? [0, 1] : [labels[index]] }
        var classes: [String] { ["a", "b"] }
        func label(_ index: Int) -> Int? { labels[index] < 0 ? nil : labels[index] }
        func name(_ index: Int) -> String { "\(index)" }
        func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {}
    }

    @Test func imagesWithoutALabelAreLeftOutOrSaid() throws {
        let some = Labels(labels: [0, -1, 1, -1, 1])
        let kept = try Supervised().labelled(some)
        #expect(kept.images.count == 3 && (0..<3).map { kept.images.label($0) } == [0, 1, 1])
        #expect(kept.note == "method.supervised: 2 of 5 images have no label; they are skipped")
        let error = #expect(throws: TrainingError.self) { try Supervised().labelled(Labels(labels: [-1, -1])) }
        #expect(error?.kind == .data)
        #expect(try Supervised().labelled(Labels(labels: [0, 1])).note == nil)
        var contrastive = SimCLR()
        contrastive.loss = Selected(SupCon())
        let all = try contrastive.labelled(some)
        #expect(all.images.count == 5 && all.note?.contains("2 of 5 images have no label") == true)
        #expect(try SimCLR().labelled(some).note == nil)
        let sets = Labels(labels: [0, -1], isSets: true)
        let several = #expect(throws: TrainingError.self) { try Supervised().labelled(sets) }
        #expect(several?.kind == .unusable && several?.reason.contains("1 image of 2 has several labels") == true)
        #expect(try contrastive.labelled(sets).note?.contains("1 of 2 images have no label") == true)
    }

    @Test func aRunOfOneViewLearnsItsClassesAndLeavesTheEncoderAlone() throws {
        let place = try TemporaryFolder()
        let images = try makeImages(["a", "b"], each: 12, in: place)
        let folder = RunFolder("\(place.path)/run")
        let experiment = try tinyExperiment("method=supervised", "views.branches=[{count: 1, size: 8}]")
        let trainer = try Trainer(
            experiment, images: images, folder: folder, machine: Machine(device: .cpu, threads: 1), observer: Silent())
        #expect(try trainer.run() == .finished)
        #expect(try Safetensors(contentsOf: folder.encoder).tensors.keys.allSatisfy { !$0.contains("classifier") })
        #expect(try EncoderFile(folder.path).experiment.method.name == "supervised")
        #expect(try ClassifierFile(folder.path).classes == ["a", "b"])
    }
}
