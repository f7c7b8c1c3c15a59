import Files
import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Files of features")
struct EmbeddingFilesTests {
    @Test(arguments: [
        ("features.npy", "labels.npy", "paths.txt", "classes.txt", "sides.txt"),
        ("out/features.npy", "out/labels.npy", "out/paths.txt", "out/classes.txt", "out/sides.txt"),
        ("out/test.npy", "out/test.labels.npy", "out/test.paths.txt", "out/test.classes.txt", "out/test.sides.txt"),
        ("a.b.npy", "a.b.labels.npy", "a.b.paths.txt", "a.b.classes.txt", "a.b.sides.txt"),
    ])
    func namesKeepOutputsApart(output: String, labels: String, paths: String, classes: String, sides: String) {
        let files = EmbeddingFiles(output)
        #expect([files.features, files.labels, files.paths] == [output, labels, paths])
        #expect([files.classes, files.sides] == [classes, sides])
    }

    @Test func whatIsWrittenIsReadAndWhatIsOldIsGone() throws {
        let home = try TemporaryFolder()
        let files = EmbeddingFiles("\(home.path)/out/train.npy")
        let rows = try Tensor([1.0, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])
        try files.write(
            rows, labels: [1, -1, 0], paths: ["a/1.png", "2.png", "b/3.png"], classes: ["b", "a"],
            sides: ["train", "train", "test"])
        #expect(try NpyArray(contentsOf: files.features).elements == .floats([1, 2, 3, 4, 5, 6]))
        #expect(try NpyArray(contentsOf: files.labels).elements == .integers([1, -1, 0]))
        #expect(ClassNames.read(files.paths) == ["a/1.png", "2.png", "b/3.png"])
        #expect(ClassNames.read(files.classes) == ["b", "a"] && ClassNames.read(files.sides)?.last == "test")
        try files.write(rows, labels: [-1, -1, -1], paths: ["1", "2", "3"], classes: [], sides: nil)
        #expect(ClassNames.read(files.classes) == nil && ClassNames.read(files.sides) == nil)
    }

    @Test("Labels that embed writes are what diagnose takes") func labelsAreTakenByADiagnosis() throws {
        let home = try TemporaryFolder()
        let rows = try Tensor(Fixture.hashed(20 * 4, stream: 1), shape: [20, 4]).to(.float32)
        for name in ["one", "two"] {
            try EmbeddingFiles("\(home.path)/\(name).npy").write(
                rows, labels: (0..<20).map { $0 % 5 == 4 ? -1 : ($0 % 2) << 31 }, paths: [], classes: [], sides: nil)
        }
        let (one, two) = (EmbeddingFiles("\(home.path)/one.npy"), EmbeddingFiles("\(home.path)/two.npy"))
        let pairs = try PairedEmbeddings(first: one.features, second: two.features, labels: one.labels)
        #expect(pairs.labels?.prefix(5) == [0, 1 << 31, 0, 1 << 31, -1])
    }
}
