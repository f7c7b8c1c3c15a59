import Foundation
import Testing

@Suite("pack")
struct PackTests {
    @Test func shardsTrainScanAndEmbedAsTheFolderDoes() throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green"], each: 20)
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: images + "/red/broken.png"))
        let packed = try diptych("pack", images, "--output", place("shards/%03d.tar"), "--count", "16")
        #expect(packed.status == 0, "\(packed.errors)")
        #expect(packed.output.contains("40 images in 3 shards"))
        #expect(packed.errors.contains("skipped red/broken.png: is not in a supported format"))
        let again = try diptych("pack", images, "--output", place("shards/%03d.tar"))
        #expect(again.status == 1)

        let scanned = try diptych("scan", place("shards/{000..002}.tar"))
        #expect(scanned.status == 0, "\(scanned.errors)")
        #expect(scanned.output.contains("40 images, 2 classes"))
        let trained = try diptych(
            "train", place("shards"), "--pipeline", try place.pipeline(epochs: 1), "--output", place("run"))
        #expect(trained.status == 0, "\(trained.errors)")
        let probed = try diptych("probe", place("run"), place("shards"))
        #expect(probed.status == 0, "\(probed.errors)")
        let embedded = try diptych("embed", place("run"), place("shards"), "--output", place("f/features.npy"))
        #expect(embedded.output.contains("40 x 16"), "\(embedded.errors)")
    }

    @Test("bench --order looks at the order of shards for several ranks") func order() throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green"], each: 20)
        #expect(try diptych("pack", images, "--output", place("shards/%03d.tar"), "--count", "8").status == 0)
        let arguments = ["bench", place("shards"), "--order", "--ranks", "2", "--batch", "8"]
        let result = try CommandProcess(arguments + ["--json"]).finish()
        #expect(result.status == 0, "\(result.errors)")
        let report = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect(report?["images"] as? Int == 40 && report?["runs"] as? Int == 5)
        #expect(report?["steps"] as? [Int] == [5, 5])
        #expect(report?["shared_images"] as? Int == 0)
        #expect(try CommandProcess(arguments).finish().output.contains("40 images in 5 runs; 2 ranks, 5, 5 steps of 4"))
        for (wrong, status) in [(["--batch", "7"], 2), (["--batch", "64"], 3), (["--train"], 2)] {
            #expect(try CommandProcess(arguments + wrong).finish().status == Int32(status), "\(wrong)")
        }
    }

    @Test func nothingUsableIsStatusThree() throws {
        let place = try Playground()
        try FileManager.default.createDirectory(atPath: place("images"), withIntermediateDirectories: true)
        try place.write("no picture", "images/a.png")
        #expect(try diptych("pack", place("images"), "--output", place("s/%d.tar")).status == 3)
        #expect(try diptych("pack", place("images"), "--output", place("s/shard.tar")).status == 2)
    }
}
