import Testing
import Torch
import Views

@testable import Contrast

@Suite("kNN during training", .serialized)
struct OnlineKNNTests {
    private let home: TemporaryFolder
    private let machine = Machine(device: .cpu, threads: 1)

    init() throws { home = try TemporaryFolder() }

    /// Images of which some have lost their label.
    private struct Unlabelled: Source {
        let base: any Source
        let lost: Set<Int>
        var count: Int { base.count }
        var classes: [String] { base.classes }
        func label(_ index: Int) -> Int? { lost.contains(index) ? nil : base.label(index) }
        func name(_ index: Int) -> String { base.name(index) }
        func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) { try base.read(index, into: buffer) }
    }

    private func prepare(
        _ images: any Source, _ heldOut: (any Source)?, _ overrides: String...
    ) throws -> (score: Double?, note: String?) {
        var experiment = try tinyExperiment()
        if let images = overrides.first.flatMap({ Int($0) }) { experiment.evaluation.knnImages = images }
        let encoder = try experiment.encoder.component.build(generator: Generator(seed: 9))
        let found = OnlineKNN.prepare(
            experiment, images: images, heldOut: heldOut,
            extractor: FeatureExtractor(pipeline: try ViewPipeline(experiment.views), machine: machine))
        return (try found.score?.scores(of: [encoder], after: 1).knn, found.note)
    }

    @Test func whatHasNoLabelIsLeftOutAndSaidOnce() throws {
        let images = try makeImages(["blue", "green", "red"], each: 6, in: home)
        #expect(try prepare(images, images) == (1, nil))
        let some = try prepare(
            Unlabelled(base: images, lost: [0, 7]), Unlabelled(base: images, lost: [1, 2, 3, 17]))
        #expect(some.score == 1)
        #expect(
            some.note
                == "kNN during training skips 2 training images without a label, 4 test images without a label")
        // Another list of classes is matched by name, and what training lacks is no wrong answer.
        let two = Relabelled(Subset(images, indices: Array(0..<12)), classes: ["blue", "green"])
        let lacking = try prepare(two, images)
        #expect(
            lacking.score == 1 && lacking.note?.contains("6 test images of 1 class that training lacks (red)") == true)
    }

    @Test func withoutAnythingToScoreTheRunGoesOnWithOneNote() throws {
        let images = try makeImages(["blue", "green"], each: 3, in: home)
        let flat = try ImageFolder("\(home.path)/images/blue")
        let none = try prepare(images, flat)
        #expect(none.score == nil)
        #expect(none.note?.contains("3 test images without a label") == true)
        #expect(none.note?.hasSuffix("; the run continues without it") == true)
        #expect(try prepare(images, nil) == (nil, nil))
        #expect(try prepare(flat, images) == (nil, nil))
    }

    @Test func classesThatTheBankLacksAreNoWrongAnswers() throws {
        let images = try makeImages((0..<8).map { "class \($0)" }, each: 2, in: home)
        let found = try prepare(images, images, "8")
        #expect(found.note == nil)
        let few = try prepare(images, images, "4")
        #expect(
            few.note
                == "kNN during training skips 8 test images of classes that its bank of 4 training images lacks (evaluation.knn_images)"
        )
        #expect(few.score != nil)
    }

    @Test func aRunWithoutLabelledTestImagesEnds() throws {
        let images = try makeImages(["blue", "green"], each: 8, in: home)
        let notes = Notes()
        let folder = RunFolder("\(home.path)/run")
        var options = Trainer.Options()
        options.heldOut = try ImageFolder("\(home.path)/images/blue")
        let trainer = try Trainer(
            tinyExperiment(), images: images, folder: folder, machine: machine, options: options, observer: notes)
        #expect(try trainer.run() == .finished)
        #expect(notes.said.count { $0.contains("kNN") } == 1)
        #expect(ClassNames.read(folder.classes) == ["blue", "green"])
    }

    private final class Notes: TrainingObserver {
        var said: [String] = []
        func notice(_ message: String) { said.append(message) }
        func stepped(_ progress: TrainingProgress) {}
        func finished(_ epoch: EpochRecord) {}
    }
}
