import Foundation
import Testing
import Torch

@testable import Contrast

/// The fields of a protobuf message by their number: eight or four bytes, lengths and varints.
private func fields(_ data: Data) -> [Int: [Data]] {
    var fields: [Int: [Data]] = [:]
    var rest = Array(data)[...]
    func varint() -> Int {
        var (value, shift) = (0, 0)
        while let byte = rest.popFirst() {
            value |= Int(byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        return value
    }
    while !rest.isEmpty {
        let tag = varint()
        let length: Int
        switch tag & 7 {
        case 1: length = 8
        case 5: length = 4
        case 2: length = varint()
        default:
            fields[tag >> 3, default: []].append(withUnsafeBytes(of: varint()) { Data($0) })
            continue
        }
        fields[tag >> 3, default: []].append(Data(rest.prefix(length)))
        rest = rest.dropFirst(length)
    }
    return fields
}

private func number<Value: BitwiseCopyable>(_ data: Data?, as type: Value.Type) -> Value? {
    data.map { $0.withUnsafeBytes { $0.loadUnaligned(as: type) } }
}

@Suite("TensorBoard events")
struct EventFileTests {
    private func file(in folder: TemporaryFolder) throws -> String {
        let events = try EventFile(in: folder.path, now: Date(timeIntervalSince1970: 1_700_000_000.5))
        try events.write(
            [("train_loss", 1.5), ("mi_bound", -0.25)], step: 7, now: Date(timeIntervalSince1970: 1_700_000_001))
        try events.write(png: [1, 2, 3], width: 5, height: 4, tag: "views", step: 300)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 1)
        #expect(names.first?.hasPrefix("events.out.tfevents.1700000000.") == true)
        return "\(folder.path)/\(names.first ?? "")"
    }

    /// CRC-32C as RFC 3720 (B.4) and its catalogue list it.
    @Test(
        arguments: [
            (Array("123456789".utf8), 0xE306_9283), ([], 0), (Array(repeating: 0, count: 32), 0x8A91_36AA),
            (Array(repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
        ] as [([UInt8], UInt32)])
    func checksumsAreKnown(bytes: [UInt8], checksum: UInt32) {
        #expect(EventFile.crc32c(Data(bytes)) == checksum)
    }

    @Test func recordsAreFramedAndHoldTheEvents() throws {
        let folder = try TemporaryFolder()
        var rest = try Data(contentsOf: URL(fileURLWithPath: file(in: folder)))
        var events: [Data] = []
        func masked(_ data: Data) -> UInt32 {
            let crc = EventFile.crc32c(data)
            return ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8
        }
        while !rest.isEmpty {
            rest = Data(rest)
            let length = Int(try #require(number(rest.prefix(8), as: UInt64.self)))
            #expect(number(rest[8..<12], as: UInt32.self) == masked(rest[0..<8]))
            let payload = Data(rest[12..<12 + length])
            #expect(number(rest[12 + length..<16 + length], as: UInt32.self) == masked(payload))
            events.append(payload)
            rest = rest.dropFirst(16 + length)
        }
        try #require(events.count == 3)
        #expect(number(fields(events[0])[1]?.first, as: Double.self) == 1_700_000_000.5)
        #expect(fields(events[0])[3]?.first == Data("brain.Event:2".utf8))
        #expect(number(fields(events[1])[2]?.first, as: Int.self) == 7)
        let values = try #require(fields(fields(events[1])[5]?.first ?? Data())[1])
        #expect(values.map { fields($0)[1]?.first } == [Data("train_loss".utf8), Data("mi_bound".utf8)])
        #expect(values.map { number(fields($0)[2]?.first, as: Float.self) } == [1.5, -0.25])
        #expect(number(fields(events[2])[2]?.first, as: Int.self) == 300)
        let picture = fields(
            fields(fields(fields(events[2])[5]?.first ?? Data())[1]?.first ?? Data())[4]?.first ?? Data())
        #expect(number(picture[1]?.first, as: Int.self) == 4)
        #expect(number(picture[2]?.first, as: Int.self) == 5)
        #expect(picture[4]?.first == Data([1, 2, 3]))
    }

    @Test(
        "TensorBoard reads them", .enabled(if: Python.finds("tensorboard"), "python3 has no tensorboard"))
    func tensorBoardReadsThem() throws {
        let folder = try TemporaryFolder()
        let path = try file(in: folder)
        let script = """
            import sys
            from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
            for event in EventFileLoader(sys.argv[1]).Load():
                for value in event.summary.value:
                    numbers = list(value.tensor.float_val)
                    strings = list(value.tensor.string_val)
                    print(event.step, value.tag, numbers, strings)
            """
        let (status, output) = try Python.run(script, path)
        #expect(status == 0, "\(output)")
        #expect(
            output.contains(
                "7 train_loss [1.5] []\n7 mi_bound [-0.25] []\n300 views [] [b'5', b'4', b'\\x01\\x02\\x03']"),
            "\(output)")
    }

    @Test(
        "TensorBoard reads a run's scalars, histograms and picture",
        .enabled(if: Python.finds("tensorboard"), "python3 has no tensorboard"))
    func tensorBoardReadsARun() throws {
        let place = try TemporaryFolder()
        let images = try makeImages(["a", "b"], each: 16, in: place)
        let folder = RunFolder("\(place.path)/run")
        let trainer = try Trainer(
            try tinyExperiment("training.batch_size=16"), images: images, folder: folder,
            machine: Machine(device: .cpu, threads: 1), observer: Silent())
        #expect(try trainer.run() == .finished)
        let script = """
            import io, struct, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            events = EventAccumulator(sys.argv[1], size_guidance={"histograms": 0, "images": 0, "scalars": 0})
            events.Reload()
            tags = events.Tags()
            assert {"train_loss", "mi_bound", "mi_ceiling", "alignment", "uniformity", "effective_rank", "data_wait"} <= set(
                tags["scalars"]), tags
            assert len(events.Scalars("train_loss")) == 2
            for name, count in (("cosine/positives", 16), ("cosine/negatives", 240)):
                found = events.Histograms(name)
                assert [entry.step for entry in found] == [2, 4], found
                value = found[0].histogram_value
                assert value.num == count and abs(sum(value.bucket) - count) < 1e-6, value
                assert -1.0001 <= value.min <= value.max <= 1.0001, value
            picture = events.Images("views")[0]
            assert picture.encoded_image_string[:4] == b"\\x89PNG", picture.encoded_image_string[:8]
            assert struct.unpack(">II", picture.encoded_image_string[16:24]) == (picture.width, picture.height)
            """
        let (status, output) = try Python.run(script, folder.path)
        #expect(status == 0, "\(output)")
    }
}
