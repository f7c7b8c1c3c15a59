import Foundation
import Testing

@testable import Views

/// Damaged and hostile archives.
extension TarShardsTests {
    @Test func anArchiveCutAtAnyBlockGivesTheSamplesBefore() throws {
        let root = try TemporaryFolder()
        var tar = TarBuilder()
        // Where the contents of each image end, and where cuts leave no trace: between members or in their padding.
        var ends: [Int] = []
        var clean: [ClosedRange<Int>] = []
        for index in 0..<6 {
            let size = 700 * index + 1
            ends.append(tar.bytes.count + 512 + size)
            tar.add("\(index).jpg", String(repeating: "\(index)", count: size))
            clean.append(ends[index]...tar.bytes.count)
            tar.add("\(index).cls", "1")
            clean.append(tar.bytes.count - 511...tar.bytes.count)
        }
        let whole = tar.ended
        clean.append(contentsOf: [512, 1024].map { tar.bytes.count + $0...tar.bytes.count + $0 })
        for cut in Array(stride(from: 0, through: whole.count, by: 512)) + [1, 511, 513, 1025, 3000] {
            try root.write(["a.tar"], whole.prefix(cut))
            let usable = ends.filter { $0 <= cut }.count
            let path = root.path + "/a.tar"
            guard usable > 0 else {
                #expect(throws: DataError.self) { try TarShards(path) }
                continue
            }
            let shards = try TarShards(path)
            #expect(shards.count == usable)
            for index in 0..<usable {
                #expect(try contents(shards, index).count == 700 * index + 1)
            }
            let isClean = clean.contains { $0.contains(cut) }
            #expect(shards.listing.issues.map(\.kind) == (isClean ? [] : [.damaged]), "cut at \(cut)")
        }
    }

    /// Sizes and names that must not be believed.
    static let hostile: [(String, @Sendable (inout TarBuilder) -> Void)] = [
        ("negative", { $0.add("b.jpg", "x", size: [UInt8](repeating: 0xFF, count: 12)) }),
        ("huge", { $0.add("b.jpg", "x", size: [0x80, 0, 0, 0, 0x0F] + [UInt8](repeating: 0xFF, count: 7)) }),
        ("beyond", { $0.add("b.jpg", "x", size: Array("77777777777".utf8)) }),
        ("one more", { $0.add("b.jpg", "x", size: Array("00000010000".utf8)) }),
        ("garbage", { $0.add("b.jpg", "x", size: Array("12z".utf8)) }),
        ("long name", { $0.add("././@LongLink", "x", type: "L", size: Array("77777777777".utf8)) }),
        ("records", { $0.add("p", "999 path=b.jpg\n", type: "x") }),
        (
            "stated size",
            {
                $0.add("p", "20 size=99999999999\n", type: "x"); $0.add("b.jpg", "x")
            }
        ),
        ("checksum", { $0.add(Array("b.jpg".utf8), [1], checksum: Array("777777".utf8)) }),
    ]

    @Test(arguments: hostile.indices)
    func headersThatLieEndTheShard(_ index: Int) throws {
        let root = try TemporaryFolder()
        let path = try shard(root) { tar in
            tar.add("a.jpg", "good")
            Self.hostile[index].1(&tar)
        }
        let shards = try TarShards(path)
        #expect(
            names(shards) == ["a.tar/a.jpg"] && shards.listing.issues.map(\.kind) == [.damaged],
            "\(Self.hostile[index].0)")
        #expect(throws: DataError.self) { try TarShards(shard(root, "b.tar") { Self.hostile[index].1(&$0) }) }
    }

    @Test func longNamesHaveALimit() throws {
        let root = try TemporaryFolder()
        let path = try shard(root) { tar in
            tar.add("a.jpg", "good")
            tar.add("././@LongLink", String(repeating: "n", count: TarMembers.nameLimit + 1), type: "L")
            tar.add("b.jpg", "x")
        }
        #expect(try TarShards(path).count == 1)
    }

    @Test func linksDevicesAndFoldersAreNotRead() throws {
        let root = try TemporaryFolder()
        let path = try shard(root) { tar in
            // Links that give a size have no contents all the same.
            for (number, type) in "123456".enumerated() {
                tar.add("\(number).jpg", type: type, size: Array("00000001000".utf8))
            }
            tar.add("real.jpg", "real")
            tar.add("old/", "", type: "0")
            tar.add("unknown.jpg", "data", type: "Z")
            tar.add("last.jpg", "last", type: "7")
        }
        let shards = try TarShards(path)
        #expect(names(shards) == ["a.tar/real.jpg", "a.tar/last.jpg"])
        #expect(
            shards.listing.issues.map(\.kind) == [.skipped] && shards.listing.issues[0].reason.contains("first of 7"))
    }

    @Test func anyBytesAfterTheFirstSampleNeitherCrashNorHang() throws {
        let root = try TemporaryFolder()
        var random = RandomStream(RandomKey(seed: 1, epoch: 0, sample: 0, purpose: .trunk))
        var good = TarBuilder()
        for index in 0..<4 {
            good.add("\(index).jpg", "image \(index)")
            good.add("\(index).json", #"{"label": 1}"#)
            good.add("././@PaxHeader", "12 path=a/b\n", type: "x")
        }
        let start = Array(good.ended)
        for _ in 0..<300 {
            var bytes = start
            for _ in 0..<random.integer(below: 20) + 1 {
                let place = 1024 + random.integer(below: bytes.count - 1024)
                bytes[place] = UInt8(truncatingIfNeeded: random.next())
                // Half of the time with a checksum that holds.
                guard random.chance(0.5) else { continue }
                let header = place / 512 * 512
                for offset in 148..<156 { bytes[header + offset] = 0x20 }
                let sum = bytes[header..<header + 512].reduce(0) { $0 + Int($1) }
                bytes.replaceSubrange(header + 148..<header + 154, with: Array(String(format: "%06o", sum).utf8))
            }
            try root.write(["a.tar"], Data(bytes))
            let shards = try TarShards(root.path + "/a.tar")
            let buffer = FileBuffer()
            #expect(shards.count >= 1)
            for index in 0..<shards.count { try? shards.read(index, into: buffer) }
        }
    }

    @Test func aDamagedArchiveIsAnArchiveAllTheSame() throws {
        let root = try TemporaryFolder()
        var tar = TarBuilder()
        tar.add("1.jpg", "x")
        var bytes = Array(tar.ended)
        bytes[0] = 0x32
        try root.write(["a.tar"], Data(bytes))
        let error = #expect(throws: DataError.self) { try TarShards(root.path + "/a.tar") }
        #expect(error?.reason.contains("archive: it is") == false, "\(error?.reason ?? "")")
    }
}
