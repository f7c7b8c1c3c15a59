import Foundation
import Testing

@Suite("train, retrieve and probe --zero-shot by clip")
struct CLIPCommandTests {
    private func pipeline(_ place: Playground) throws -> String {
        try place.write(
            """
            views:
              branches: [{count: 1, size: 8, steps: [resized_crop]}]
            encoder: {convnet: {width: 2}}
            method:
              clip: {text: {context: 12, width: 8, depth: 1, heads: 2}, vocabulary: {size: 600}, dimension: 4}
            training: {epochs: 4, batch_size: 8, log_every: 1, optimizer: {adamw: {lr: 0.01}}}
            evaluation: {hold_out: 0.3, hold_out_by: name}
            """, "clip.yaml")
    }

    private func captioned(_ place: Playground) throws -> String {
        let images = try place.pictures(["red", "green"], each: 20)
        for name in ["red", "green"] {
            for index in 0..<20 { try place.write("A \(name) picture.\nde.utf8=Bild\n", "images/\(name)/\(index).txt") }
        }
        return images
    }

    @Test func fromPicturesWithCaptionsToScores() throws {
        let place = try Playground()
        let images = try captioned(place)
        let trained = try diptych("train", images, "--pipeline", try pipeline(place), "--output", place("run"))
        #expect(trained.status == 0, "\(trained.errors)")
        for word in ["captions", "tokens", "by hashes of the names"] { #expect(trained.errors.contains(word)) }
        for name in ["text.safetensors", "vocabulary.txt", "head.safetensors"] {
            #expect(FileManager.default.fileExists(atPath: place("run/\(name)")))
        }
        let found = try diptych("retrieve", place("run"), images)
        #expect(found.status == 0, "\(found.errors)")
        for word in ["image to text", "text to image", "chance", "recall@1", "by hashes of the names"] {
            #expect(found.output.contains(word))
        }
        let json = try diptych("retrieve", place("run"), images, "--all", "--json", "-")
        let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(report?["pairs"] as? Int == 40 && report?["distinct_captions"] as? Int == 2)
        // Any picture of the other's colour is as right.
        #expect((report?["chance"] as? [String: Double])?["at1"] == 0.5)

        let judged = try diptych(
            "probe", place("run"), images, "--zero-shot", "--template", "a {} picture", "--template", "{}", "--all")
        #expect(judged.status == 0, "\(judged.errors)")
        for word in ["zero-shot", "chance", "40 images", "2 prompts"] { #expect(judged.output.contains(word)) }
        let scores =
            try JSONSerialization.jsonObject(with: Data(place.read("run/zero-shot.json").utf8)) as? [String: Any]
        #expect(scores?["chance"] as? Double == 0.5)
        // The encoder is one like any other.
        #expect(try diptych("probe", place("run"), images).status == 0)
    }

    @Test func aCaptionsFileAndItsShardsAreSources() throws {
        let place = try Playground()
        _ = try captioned(place)
        let rows = ["red", "green"].flatMap { name in (0..<20).map { "images/\(name)/\($0).png\tA \(name) picture." } }
        try place.write(rows.joined(separator: "\n"), "list.tsv")
        let packed = try diptych("pack", place("list.tsv"), "--output", place("shards/%03d.tar"))
        #expect(packed.status == 0, "\(packed.errors)")
        for (name, source) in [("a", place("list.tsv")), ("b", place("shards"))] {
            let trained = try diptych(
                "train", source, "--pipeline", try pipeline(place), "--output", name, in: place.path)
            #expect(trained.status == 0, "\(trained.errors)")
            let found = try diptych("retrieve", place(name), source, "--all", "--json", place("\(name).json"))
            #expect(found.status == 0, "\(found.errors)")
            #expect(try place.read("\(name).json").contains("\"pairs\" : 40"))
        }
    }

    @Test func whatCannotWorkIsSaidWithItsPlace() throws {
        let place = try Playground()
        let bare = try place.pictures(["red", "green"], each: 8)
        let trained = try diptych("train", bare, "--pipeline", try pipeline(place), "--output", place("run"))
        #expect(trained.status == 2)
        #expect(trained.errors.contains("method.clip.missing: "))
        try place.write("a.png\tx\nb.png\n", "list.tsv")
        let table = try diptych("train", place("list.tsv"), "--pipeline", try pipeline(place))
        #expect(table.status == 3)
        #expect(table.errors.contains("list.tsv: line 2: has 1 column,"))
        #expect(try diptych("probe", "run", bare, "--template", "x {}").status == 2)
        #expect(try diptych("probe", "run", bare, "--zero-shot", "--template", "x").status == 2)
        #expect(try diptych("probe", "run", bare, "--zero-shot", "--control").status == 2)
        #expect(try diptych("retrieve", place("run"), bare).status == 2)
    }
}
