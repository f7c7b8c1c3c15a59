import Files
import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// Images under other names of their classes.
private struct Renamed: Source {
    let base: any Source
    let classes: [String]
    let labels: [Int]

    var count: Int { base.count }
    func label(_ index: Int) -> Int? { base.label(index).map { labels[$0] } }
    func name(_ index: Int) -> String { base.name(index) }
    func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) { try base.read(index, into: buffer) }
}

extension Resumption {
    /// That of a run of three batches an epoch.
    init(_ run: Run, _ experiment: Experiment, _ images: any Source) throws {
        let machine = MachineRecord(Machine(device: .cpu, threads: 1), ranks: 1)
        self.init(
            folder: run.folder, run: try RunIdentity(experiment, images: images, heldOut: nil, machine: machine),
            batches: 3, allowsOtherImages: false)
    }
}

@Suite("Going on with a run", .serialized)
struct ResumptionTests {
    private let home: TemporaryFolder

    init() throws { home = try TemporaryFolder() }

    private func images() throws -> ImageFolder { try makeImages(["blue", "green", "red"], each: 8, in: home) }

    /// Every file of a run with its bytes.
    private func files(_ run: Run) throws -> [String: Data] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: run.folder.path)
        return Dictionary(
            uniqueKeysWithValues: names.compactMap { name in
                FileManager.default.contents(atPath: "\(run.folder.path)/\(name)").map { (name, $0) }
            })
    }

    /// Resumes what must be refused, and looks that nothing was touched.
    private func refusal(
        _ run: Run, _ experiment: Experiment, _ images: any Source, heldOut: (any Source)? = nil, allows: Bool = false
    ) throws -> TrainingError? {
        let before = try files(run)
        let error = #expect(throws: TrainingError.self) {
            try run.train(experiment, images, heldOut: heldOut, resume: true, allowsOtherImages: allows)
        }
        #expect(try files(run) == before)
        #expect(error?.reason.contains("damaged") == false && error?.reason.contains("delete") == false)
        return error
    }

    @Test("Missing images are named, and a run goes on without them where it may") func missingImages() throws {
        let images = try images()
        let run = Run(home, "a")
        #expect(try run.train(tinyExperiment(), images, stopAfter: 4) == .interrupted)
        let half = Subset(images, indices: Array(0..<16))
        let error = try refusal(run, tinyExperiment(), half)
        #expect(error?.kind == .data)
        for words in [
            "the run was trained on 24 images of 3 classes, and there are 16 images of 3 classes now: 8 are missing, such as red/10.png",
            "--resume --allow-other-images",
        ] { #expect(error?.reason.contains(words) == true, "\(error?.reason ?? "")") }
        let rest = Run(home, "a")
        #expect(try rest.train(tinyExperiment(), half, resume: true, allowsOtherImages: true) == .finished)
        #expect(rest.recorder.notices.contains { $0.hasPrefix("going on with other images, epoch 2 begins again") })
        // Of the second epoch all batches, of which there are two now.
        #expect(rest.recorder.steps.map(\.batch) == [1, 2])
        #expect(try rest.metrics("step").map { $0["step"] } == [1, 2, 3, 4, 5, 6])
        #expect(try rest.metrics("epoch").map { $0["epoch"] } == [1, 2])
        #expect(try String(contentsOfFile: rest.folder.imageList, encoding: .utf8).split(separator: "\n").count == 17)
        // These are its images from now on.
        #expect(try rest.train(tinyExperiment(), half, resume: true) == .finished)
    }

    @Test func newAndMovedImagesAndOtherClassesAreNamed() throws {
        let images = try images()
        let run = Run(home, "a")
        let (train, held) = (Subset(images, indices: Array(0..<20)), Subset(images, indices: Array(20..<24)))
        #expect(try run.train(tinyExperiment(), train, heldOut: held, stopAfter: 4) == .interrupted)
        var error = try refusal(run, tinyExperiment(), images)
        #expect(error?.reason.contains("4 are on the other side of the split, such as red/14.png") == true)
        #expect(error?.reason.contains("missing") == false && error?.reason.contains("new") == false)
        try FileManager.default.copyItem(
            atPath: "\(home.path)/images/red/10.png", toPath: "\(home.path)/images/red/99.png")
        let more = try ImageFolder("\(home.path)/images")
        error = try refusal(run, tinyExperiment(), Subset(more, indices: Array(0..<20) + [24]), heldOut: held)
        #expect(error?.reason.contains("1 is new, such as red/99.png") == true, "\(error?.reason ?? "")")
        // The same files with the classes in another order, and with another name.
        let turned = Renamed(base: train, classes: ["red", "green", "blue"], labels: [2, 1, 0])
        error = try refusal(run, tinyExperiment(), turned, heldOut: held)
        #expect(error?.reason.contains("the classes are in another order: red, green, blue") == true)
        #expect(error?.reason.contains("other labels") == false)
        let named = Renamed(base: train, classes: ["azure", "green", "red"], labels: [0, 1, 2])
        error = try refusal(run, tinyExperiment(), named, heldOut: held)
        for words in ["8 have other labels, such as blue/10.png", "without class blue, with class azure"] {
            #expect(error?.reason.contains(words) == true, "\(error?.reason ?? "")")
        }
        error = try refusal(run, tinyExperiment(), Subset(images, indices: (0..<20).reversed()), heldOut: held)
        #expect(error?.reason.contains("other images, other labels or another order") == true)
    }

    @Test("Other held-out images are noted, and change nothing") func otherHeldOutImages() throws {
        let images = try images()
        let train = Subset(images, indices: Array(0..<20))
        let whole = Run(home, "whole")
        #expect(try whole.train(tinyExperiment(), train) == .finished)
        let run = Run(home, "a")
        let held = Subset(images, indices: Array(20..<24))
        #expect(try run.train(tinyExperiment(), train, heldOut: held, stopAfter: 4) == .interrupted)
        let fewer = Subset(images, indices: Array(20..<22))
        #expect(try run.train(tinyExperiment(), train, heldOut: fewer, resume: true) == .finished)
        #expect(run.recorder.notices.contains { $0.contains("the held-out images are others (2, were 4)") })
        #expect(try run.state() == whole.state())
    }

    @Test(
        "Weights that belong to images or classes do not go on with others",
        arguments: [
            ("instance_discrimination", "go on with the same ones only"), ("supervised", "distinguishes the classes"),
        ])
    func whatBelongsToImages(method: String, words: String) throws {
        let images = try images()
        let run = Run(home, "a")
        let experiment = try tinyExperiment("method=\(method)")
        #expect(try run.train(experiment, images, stopAfter: 4) == .interrupted)
        let other = Renamed(base: images, classes: ["azure", "green", "red"], labels: [0, 1, 2])
        let error = try refusal(run, experiment, other, allows: true)
        #expect(error?.reason.contains(words) == true, "\(error?.reason ?? "")")
    }

    @Test("More epochs: a finished run goes on by the longer schedule, and stops and resumes as any other")
    func moreEpochs() throws {
        let images = try images()
        let whole = Run(home, "whole")
        #expect(try whole.train(tinyExperiment(), images) == .finished)
        #expect(try whole.train(tinyExperiment("training.epochs=4"), images, resume: true) == .finished)
        let words =
            "training.epochs is 4, was 2: from here on the schedule is that of a run of 4 epochs, and the learning rate goes"
        let notice = try #require(whole.recorder.notices.first { $0.hasPrefix(words) })
        // (1 + cos(pi 5 / 6)) / 2 and (1 + cos(pi / 2)) / 2 of 0.05.
        #expect(notice.hasSuffix("goes from 0.00335 to 0.025"), "\(notice)")
        #expect(try whole.metrics("epoch").map { $0["epoch"] } == [1, 2, 3, 4])
        #expect(try abs((whole.metrics("step")[6]["lr"] ?? 0) - 0.025) < 1e-12)
        #expect(
            try ConfigurationReader(contentsOf: whole.folder.configuration).read(Experiment.self).training.epochs == 4)
        let run = Run(home, "a")
        #expect(try run.train(tinyExperiment(), images) == .finished)
        #expect(
            try run.train(tinyExperiment("training.epochs=4"), images, resume: true, stopAfter: 8) == .interrupted)
        #expect(try run.train(tinyExperiment("training.epochs=4"), images, resume: true) == .finished)
        #expect(try run.state() == whole.state())
    }

    @Test func fewerEpochsThanAreDoneAreRefused() throws {
        let images = try images()
        let run = Run(home, "a")
        #expect(try run.train(tinyExperiment("training.epochs=5"), images, stopAfter: 7) == .interrupted)
        let error = try refusal(run, tinyExperiment("training.epochs=2"), images)
        #expect(error?.kind == .unusable)
        #expect(error?.reason.contains("is 2, but the run is in epoch 3") == true, "\(error?.reason ?? "")")
        #expect(try run.train(tinyExperiment("training.epochs=3"), images, resume: true) == .finished)
        #expect(try run.metrics("epoch").count == 3)
        let done = try refusal(run, tinyExperiment("training.epochs=2"), images)
        #expect(done?.reason.contains("is 2, but 3 epochs are done") == true)
        #expect(try run.train(tinyExperiment("training.epochs=3"), images, resume: true) == .finished)
        #expect(run.recorder.notices.last?.contains("all 3 epochs are done") == true)
    }

    @Test("Checkpoints of versions that kept no list go on, and tell fewer images by the place") func withoutAList()
        throws
    {
        let images = try images()
        func stopped(_ name: String) throws -> Run {
            let run = Run(home, name)
            #expect(try run.train(tinyExperiment(), images, stopAfter: 5) == .interrupted)
            try FileManager.default.removeItem(atPath: run.folder.imageList)
            var file = try Safetensors(contentsOf: run.folder.checkpoint)
            for note in ["images", "machine"] { file.metadata[note] = nil }
            file.metadata[Checksum.placeholder.key] = Checksum.placeholder.value
            var bytes = try file.bytes()
            #expect(Checksum.embed(in: &bytes))
            try Data(bytes).write(to: URL(fileURLWithPath: run.folder.checkpoint))
            return run
        }
        let whole = Run(home, "whole")
        #expect(try whole.train(tinyExperiment(), images) == .finished)
        let run = try stopped("a")
        #expect(try run.train(tinyExperiment(), images, resume: true) == .finished)
        #expect(run.recorder.notices.contains { $0.contains("kept no list of the images") })
        #expect(try run.state() == whole.state())
        let other = try stopped("b")
        let half = Subset(images, indices: Array(0..<12))
        let error = try refusal(other, tinyExperiment(), half)
        #expect(error?.kind == .data && error?.reason.contains("more images than there are now") == true)
        #expect(try other.train(tinyExperiment(), half, resume: true, allowsOtherImages: true) == .finished)
    }

    @Test func anotherMachineIsNoted() {
        var (now, before) = (
            MachineRecord(Machine(device: .cpu, threads: 4), ranks: 1),
            MachineRecord(Machine(device: .cpu, threads: 4, loaderThreads: 1), ranks: 1)
        )
        #expect(now.note(was: before) == nil)
        before.threads = 2
        #expect(now.note(was: before)?.hasPrefix("4 threads (2 threads until now): ") == true)
        #expect(now.note(was: before)?.hasSuffix("--threads 2 computes as before") == true)
        before.ranks = 2
        before.libtorch = "0.1"
        #expect(now.note(was: before)?.contains("1 process (2 processes until now), libtorch ") == true)
        now.device = "cuda"
        #expect(now.note(was: before)?.contains("threads") == false)
    }

    @Test("A checkpoint that cannot be opened is no reason to go on from an older one", .enabled(if: geteuid() != 0))
    func unreadable() throws {
        let images = try images()
        let run = Run(home, "a")
        #expect(try run.train(tinyExperiment("training.keep=2"), images) == .finished)
        chmod(run.folder.checkpoint, 0)
        let error = #expect(throws: FileError.self) {
            try run.train(tinyExperiment("training.keep=2"), images, resume: true)
        }
        #expect(error?.description == "\(run.folder.checkpoint): cannot be read: Permission denied")
    }

    @Test func namesTellWhatWasLearnt() throws {
        let images = try images()
        let run = Run(home, "a")
        let (train, held) = (Subset(images, indices: Array(0..<20)), Subset(images, indices: Array(20..<24)))
        #expect(run.folder.trainingImages(in: train) == nil)
        #expect(try run.train(tinyExperiment("training.epochs=1"), train, heldOut: held) == .finished)
        #expect(run.folder.trainingImages(in: images) == 20)
        #expect(run.folder.trainingImages(in: held) == 0)
    }
}
