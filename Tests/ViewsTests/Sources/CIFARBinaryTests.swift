import Foundation
import Testing

@testable import Views

@Suite("Binary CIFAR files")
struct CIFARBinaryTests {
    /// A level that differs between planes, places and records.
    private func level(_ place: Int, _ offset: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: place * 7 + place / 1024 * 50 + offset)
    }

    /// Records whose pixels follow from file, record and place.
    private func records(_ labels: [[UInt8]], seed: Int) -> Data {
        var bytes: [UInt8] = []
        for (index, label) in labels.enumerated() {
            bytes += label
            for place in 0..<3072 { bytes.append(level(place, index * 31 + seed)) }
        }
        return Data(bytes)
    }

    private func ten() throws -> TemporaryFolder {
        let root = try TemporaryFolder()
        try root.write(["data_batch_1.bin"], records([[3], [9]], seed: 1))
        try root.write(["data_batch_2.bin"], records([[0], [1], [2]], seed: 2))
        try root.write(["test_batch.bin"], records([[5]], seed: 3))
        let names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
        try root.write(["batches.meta.txt"], Data((names.joined(separator: "\n") + "\n\n").utf8))
        return root
    }

    @Test func recordsAreImagesPixelForPixel() throws {
        let root = try ten()
        let source = try CIFARBinary(root.path)
        #expect(source.count == 5 && (0..<5).map(source.label) == [3, 9, 0, 1, 2] && source.runs == [0..<2, 2..<5])
        #expect(source.classes.count == 10 && source.classes[9] == "truck" && source.name(3) == "data_batch_2.bin:1")
        let decoder = ImageDecoder()
        let buffer = FileBuffer()
        let image = Image()
        for (index, offset) in [1 + 0, 1 + 31, 2 + 0, 2 + 31, 2 + 62].enumerated() {
            try source.read(index, into: buffer)
            try decoder.decode(buffer.bytes, path: "", into: image)
            #expect(image.size == Size(width: 32, height: 32))
            for channel in 0..<3 {
                let plane = (0..<1024).map { level(channel * 1024 + $0, offset) }
                #expect(Array(UnsafeBufferPointer(start: image.plane(channel), count: 1024)) == plane)
            }
        }
        #expect(try CIFARBinary(root.path, part: .test).label(0) == 5)
    }

    @Test func fineLabelsOfCifar100Count() throws {
        let root = try TemporaryFolder()
        try root.write(["train.bin"], records([[4, 99], [5, 17]], seed: 1))
        #expect(throws: DataError.self) { try CIFARBinary(root.path) }
        try root.write(["fine_label_names.txt"], Data((0..<100).map { "class \($0)\n" }.joined().utf8))
        let source = try CIFARBinary(root.path)
        #expect((0..<2).map(source.label) == [99, 17] && source.classes[17] == "class 17")
        #expect(CIFARBinary.isPresent(in: root.path) && !CIFARBinary.isPresent(in: root.path, .test))
    }

    @Test func damageIsReportedAndVanishingAnError() throws {
        let root = try ten()
        try root.write(["data_batch_1.bin"], records([[3], [77]], seed: 1).dropLast(1))
        try root.write(["data_batch_2.bin"], records([[77]], seed: 1))
        try FileManager.default.removeItem(atPath: root.path + "/batches.meta.txt")
        let source = try CIFARBinary(root.path)
        #expect(source.count == 2 && source.label(0) == 3 && source.label(1) == nil && source.classes[3] == "3")
        #expect(source.listing.issues.map(\.kind) == [.damaged, .badLabel])
        try FileManager.default.removeItem(atPath: root.path + "/data_batch_1.bin")
        #expect(throws: DecodeError(.unreadable, path: "data_batch_1.bin:0", reason: "no such file or directory")) {
            try source.read(0, into: FileBuffer())
        }
        try root.write(["data_batch_1.bin", "data_batch_2.bin"], Data([1]))
        #expect(throws: DataError.self) { try CIFARBinary(root.path) }
    }

    @Test func theFilesTellTrainingFromTestImages() throws {
        let root = try ten()
        let split = try Split(images: root.path)
        #expect(split.train.count == 5 && split.test.count == 1)
        #expect(split.origin == .folders(train: "data_batch_1.bin...data_batch_2.bin", test: "test_batch.bin"))
        #expect(try Sources.open(root.path).count == 5)
    }
}
