import Foundation
import Testing

@Suite("views, scan and bench")
struct LookingTests {
    @Test func aSheetIsAPictureThatDecodes() throws {
        let place = try Playground()
        let images = try place.pictures(["a", "b"], each: 3)
        let result = try diptych(
            "views", images, "--pipeline", try place.pipeline(), "--count", "4", "--output", place("sheet.png"))
        #expect(result.status == 0)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: place("sheet.png")))
        #expect(bytes.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
        // Three columns of 8 pixels, enlarged 12 times: an original and two views; four rows.
        let width = Int(bytes[18]) << 8 | Int(bytes[19])
        let height = Int(bytes[22]) << 8 | Int(bytes[23])
        #expect(width == 4 + 3 * 100)
        #expect(height == 4 + 4 * 100)
    }

    @Test func anArrayHoldsTheViewsAndTheSeedDecides() throws {
        let place = try Playground()
        let images = try place.pictures(["a", "b"], each: 3)
        let pipeline = try place.pipeline()
        var arrays: [Data] = []
        for (name, seed) in [("x", "1"), ("y", "1"), ("z", "2")] {
            let result = try diptych(
                "views", images, "--pipeline", pipeline, "--seed", seed, "--count", "5", "--output",
                place("\(name).npy"))
            #expect(result.status == 0)
            arrays.append(try Data(contentsOf: URL(fileURLWithPath: place("\(name).npy"))))
        }
        #expect(arrays[0] == arrays[1])
        #expect(arrays[0] != arrays[2])
        let header = String(decoding: arrays[0].prefix(128), as: UTF8.self)
        #expect(header.contains("'shape': (5, 2, 3, 8, 8,)"))
        let floats = 5 * 2 * 3 * 8 * 8
        #expect(arrays[0].count == 128 + 4 * floats)
    }

    @Test func aBenchGivesOneObjectWithRatesAndABottleneck() throws {
        let place = try Playground()
        let images = try place.pictures(["a", "b"], each: 3)
        let pipeline = try place.pipeline()
        let json = try diptych("bench", images, "--pipeline", pipeline, "--seconds", "0.2", "--threads", "1", "--json")
        #expect(json.status == 0, "\(json.errors)")
        let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect((report?["pairs_per_second"] as? Double ?? 0) > 0)
        #expect(report?["bottleneck"] is String)
        #expect((report?["steps"] as? [[String: Any]])?.count == 2)
        let text = try diptych("bench", images, "--pipeline", pipeline, "--seconds", "0.2")
        #expect(text.output.contains("the bottleneck: "))
    }

    @Test func aScanCountsAndNamesWhatIsWrong() throws {
        let place = try Playground()
        let images = try place.pictures(["a", "b"], each: 3)
        try Data().write(to: URL(fileURLWithPath: images + "/a/empty.png"))
        try Data("not a picture".utf8).write(to: URL(fileURLWithPath: images + "/b/text.jpg"))
        try FileManager.default.copyItem(atPath: images + "/a/0.png", toPath: images + "/b/same.png")
        let text = try diptych("scan", images)
        #expect(text.status == 0)
        #expect(text.output.contains("9 images, 2 classes"))
        #expect(text.output.contains("a/empty.png: is empty"))
        let json = try diptych("scan", images, "--json", "-")
        // What was taken for what goes beside the result.
        #expect(json.errors == "\(images): 9 images of 2 classes\n")
        let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(report?["images"] as? Int == 9)
        let unreadable = report?["unreadable"] as? [[String: Any]]
        #expect(unreadable?.compactMap { $0["kind"] as? String } == ["empty", "unsupported"])
        #expect((report?["duplicates"] as? [[String]]) == [["a/0.png", "b/same.png"]])
    }
}
