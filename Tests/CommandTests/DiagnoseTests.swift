import Files
import Foundation
import Testing

@Suite("diagnose")
struct DiagnoseTests {
    /// Rows that hash to noise.
    private func noise(_ count: Int, _ stream: UInt32) -> [Float] {
        var state = stream
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            // Streams of such a generator are shifts of each other until their bits are mixed.
            var bits = (state ^ (state >> 16)) &* 0x85EB_CA6B
            bits = (bits ^ (bits >> 13)) &* 0xC2B2_AE35
            return Float(Int32(bitPattern: bits ^ (bits >> 16))) / 2_147_483_648
        }
    }

    @Test func embeddingsOfAnyFrameworkAreDiagnosed() throws {
        let place = try Playground()
        let first = noise(300 * 16, 1)
        try Npy.write(first, shape: [300, 16], to: place("z1.npy"))
        try Npy.write(noise(300 * 16, 2), shape: [300, 16], to: place("z2.npy"))
        try Npy.write((0..<300).map { Int64($0 % 10) }, shape: [300], to: place("y.npy"))
        let text = try diptych(
            "diagnose", "--views", place("z1.npy"), place("z2.npy"), "--labels", place("y.npy"), "--temperature", "0.2")
        #expect(text.status == 0, "\(text.errors)")
        #expect(text.output.contains("1. Loss at chance [critical] chance"))
        #expect(text.output.contains("collision_rate"))
        let json = try diptych("diagnose", "--views", place("z1.npy"), place("z2.npy"), "--json", "-")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(((object?["findings"] as? [[String: Any]])?.first?["code"] as? String) == "chance")
        let file = try diptych("diagnose", "--views", place("z1.npy"), place("z2.npy"), "--json", place("d.json"))
        #expect(file.status == 0)
        #expect(try place.read("d.json") == json.output)
    }

    @Test func unusableArraysAreStatusThreeWithFileAndRemedy() throws {
        let place = try Playground()
        var values = noise(40 * 4, 1)
        try Npy.write(values, shape: [40, 4], to: place("a.npy"))
        values[5] = .nan
        try Npy.write(values, shape: [40, 4], to: place("nan.npy"))
        try Npy.write(values, shape: [160], to: place("flat.npy"))
        for bad in ["nan", "flat", "absent"] {
            let result = try diptych("diagnose", "--views", place("a.npy"), place("\(bad).npy"))
            #expect(result.status == 3)
            #expect(result.errors.contains("\(bad).npy: "))
            #expect(result.errors.contains("; "))
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func aRunIsDiagnosedOnItsImages() throws {
        let place = try Playground()
        let images = try place.pictures(["a", "b"], each: 16)
        let trained = try diptych(
            "train", images, "--pipeline", try place.pipeline(epochs: 1), "--output", place("run"))
        #expect(trained.status == 0, "\(trained.errors)")
        let result = try diptych("diagnose", place("run"), images, "--json", "-")
        #expect(result.status == 0, "\(result.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect(object?["pairs"] as? Int == 32)
        #expect(object?["temperature_is_known"] as? Bool == true)
        let bare = try diptych("diagnose", place("run"))
        #expect(bare.status == 2)
        #expect(bare.errors.contains("diptych diagnose \(place("run")) IMAGES"))
        #expect(try diptych("diagnose", place("absent"), images).status == 2)
    }
}
