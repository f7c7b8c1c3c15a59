import Files
import Foundation
import Testing

@Suite("estimate")
struct EstimateTests {
    /// Numbers in -1..<1 that hash to noise.
    private func noise(_ count: Int, _ stream: UInt32) -> [Float] {
        (0..<UInt32(count)).map { index in
            var bits = (index &+ stream &* 7_919_777) &* 2_654_435_761
            bits = (bits ^ (bits >> 16)) &* 0x85EB_CA6B
            bits = (bits ^ (bits >> 13)) &* 0xC2B2_AE35
            return Float(Int32(bitPattern: bits ^ (bits >> 16))) / 2_147_483_648
        }
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func pairsOfAnyWidthAreEstimated() throws {
        let place = try Playground()
        let x = noise(400 * 3, 1)
        try Npy.write(x, shape: [400, 3], to: place("x.npy"))
        var y: [Float] = []
        for row in 0..<400 { y += [x[row * 3] + 0.1 * x[row * 3 + 1], x[row * 3 + 2]] }
        try Npy.write(y, shape: [400, 2], to: place("y.npy"))
        let settings = ["--candidates", "16", "--steps", "200", "--set", "optimizer.adamw.lr=0.003"]
        let result = try CommandProcess(
            ["estimate", "--views", place("x.npy"), place("y.npy"), "--json", "--estimators", "info_nce", "smile"]
                + settings
        ).finish()
        #expect(result.status == 0, "\(result.errors)")
        let rows = try #require(object(result.output)["rows"] as? [[String: Any]])
        #expect(rows.map { $0["estimator"] as? String } == ["info_nce", "smile"])
        #expect(rows.map { $0["kind"] as? String } == ["bound", "estimate"])
        #expect((rows[0]["value"] as? Double ?? 0) > 0.5)
        let text = try CommandProcess(
            ["estimate", "--views", place("x.npy"), place("y.npy"), "--critic", "bilinear"] + settings
        ).finish()
        #expect(text.status == 0, "\(text.errors)")
        for name in ["info_nce", "nwj", "tuba", "donsker_varadhan", "js", "interpolated", "smile"] {
            #expect(text.output.contains("\n\(name) "))
        }
    }

    @Test func scoresAreEstimated() throws {
        let place = try Playground()
        let scores = (0..<32 * 32).map { $0 % 33 == 0 ? Float(5) : 0 }
        try Npy.write(scores, shape: [32, 32], to: place("s.npy"))
        let whole = try diptych("estimate", "--scores", place("s.npy"), "--json")
        #expect(whole.status == 0, "\(whole.errors)")
        let rows = try #require(object(whole.output)["rows"] as? [[String: Any]])
        #expect(rows.count == 7)
        let wanted = log(32) + 5 - log(exp(5.0) + 31)
        #expect(abs((rows[0]["value"] as? Double ?? 0) - wanted) < 1e-6)
        let blocks = try diptych("estimate", "--scores", place("s.npy"), "--candidates", "8")
        #expect(blocks.output.contains("4 batches of K = 8"))
        try Npy.write(scores, shape: [4, 16, 16], to: place("b.npy"))
        #expect(try diptych("estimate", "--scores", place("b.npy")).output.contains("4 batches of K = 16"))
    }

    @Test func unusableArraysAreStatusThree() throws {
        let place = try Playground()
        var values = noise(60 * 4, 1)
        try Npy.write(values, shape: [60, 4], to: place("a.npy"))
        try Npy.write(values, shape: [80, 3], to: place("longer.npy"))
        try Npy.write(values, shape: [240], to: place("flat.npy"))
        values[5] = .nan
        try Npy.write(values, shape: [60, 4], to: place("nan.npy"))
        try Npy.write((0..<16).map { Int64($0) }, shape: [4, 4], to: place("whole.npy"))
        for (bad, said) in [
            ("longer", "80 rows"), ("flat", "shape"), ("nan", "row 1, column 1"), ("absent", "no such file"),
            ("whole", "<i8"), ("a", "too few"),
        ] {
            let result = try diptych("estimate", "--views", place("a.npy"), place("\(bad).npy"))
            #expect(result.status == 3)
            #expect(result.errors.contains(said))
            #expect(result.errors.split(separator: "\n").count == 1)
        }
        for (bad, said) in [("a", "square"), ("flat", "square"), ("absent", "no such file"), ("whole", "<i8")] {
            let result = try diptych("estimate", "--scores", place("\(bad).npy"))
            #expect(result.status == 3)
            #expect(result.errors.contains("\(bad).npy") && result.errors.contains(said))
        }
    }

    @Test func gaussiansAreEstimatedAndDrawn() throws {
        let place = try Playground()
        let result = try diptych(
            "estimate", "--gaussian", "--steps", "0", "--information", "2", "--candidates", "16", "--plot",
            place("stairs.svg"), "--estimators", "info_nce", "interpolated: {alpha: 0.5}")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("info_nce") && result.output.contains("2.77"))
        #expect(try place.read("stairs.svg").contains("interpolated (bound)"))
        let learnt = try diptych(
            "estimate", "--gaussian", "--steps", "20", "--information", "2", "--dimension", "2", "--cubed", "--json",
            "--estimators", "js")
        #expect(((try object(learnt.output)["stairs"] as? [[String: Any]])?.first?["estimator"] as? String) == "js")
        let regressed = try diptych(
            "estimate", "--gaussian", "--pointwise", "--steps", "20", "--information", "1", "--critic", "dot")
        #expect(regressed.output.contains("R^2"))
    }

    @Test func settingsThatDoNotFitAreStatusTwo() throws {
        let place = try Playground()
        try Npy.write(noise(600, 1), shape: [200, 3], to: place("x.npy"))
        try Npy.write(noise(400, 1), shape: [200, 2], to: place("y.npy"))
        let views = ["estimate", "--views", place("x.npy"), place("y.npy"), "--candidates", "8"]
        for (more, said) in [
            (["--critic", "cosine"], "the same dimension"), (["--critic", "cosin"], "did you mean cosine"),
            (["--estimators", "nwx"], "did you mean nwj"), (["--estimators", "smile: {clip: -1}"], "smile.clip"),
            (["--set", "optimizer.adamw.lr=-1"], "lr"), (["--plot", "x.svg"], "--gaussian"),
        ] {
            let result = try CommandProcess(views + more).finish()
            #expect(result.status == 2)
            #expect(result.errors.contains(said), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }
}
