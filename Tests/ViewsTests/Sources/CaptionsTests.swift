import Foundation
import Testing

@testable import Views

@Suite("Captions")
struct CaptionsTests {
    @Test(
        "Files that are no IMAGES say what they are",
        arguments: [
            ("x.json", "{\"info\": {}, \"annotations\": []}", "a JSON file of annotations"),
            ("x.json", "[1]", "one JSON value"),
            ("x.txt", "1.jpg#0\tA dog\n", "as Flickr8k's"), ("x.txt", "a.png b.png", "neither a folder nor"),
            ("x.zip", "PK\u{3}\u{4}", "a ZIP archive; unpack it (unzip"), ("x", "PAR1", "a Parquet table"),
            ("x.png", "P6 1 1 255 abc", "one picture; give the folder"), ("x.csv", "PK\u{3}\u{4}", "a ZIP archive"),
        ])
    func others(name: String, text: String, said: String) throws {
        let root = try TemporaryFolder()
        try root.write([name], Data(text.utf8))
        let error = #expect(throws: DataError.self) { try Sources.open("\(root.path)/\(name)") }
        #expect(error?.reason.contains(said) == true, "\(error?.reason ?? "")")
    }

    @Test func aFoldersCaptionsLieBesideItsImages() throws {
        let root = try TemporaryFolder()
        try root.write(["x/a.png", "x/b.tar.JPG", "x/c.png", "x/d.png"])
        try root.write(["x/a.txt"], Data("A cat.\nfr.utf8=Un chat.\n".utf8))
        try root.write(["x/b.tar.txt"], Data([0x62, 0xFF]))
        try root.write(["x/d.txt"], Data())
        let folder = try ImageFolder(root.path + "/x")
        #expect((0..<4).map(folder.name) == ["a.png", "b.tar.JPG", "c.png", "d.png"])
        #expect(
            try (0..<4).map { try folder.caption($0) } == ["A cat.\nfr.utf8=Un chat.\n", "b\u{FFFD}", nil, ""])
        try FileManager.default.createDirectory(atPath: root.path + "/x/c.txt", withIntermediateDirectories: true)
        #expect(throws: DecodeError.self) { try folder.caption(2) }
    }

    @Test func theFirstLineOrTheWhole() {
        #expect(CaptionText.firstLine.part(of: "\u{FEFF}\n \n\t A cat. \r\nfr=Un chat") == "A cat.")
        #expect(CaptionText.whole.part(of: "\u{FEFF} A cat.\nTwo\n") == "A cat.\nTwo")
        for text in ["", " \n\t\n", "\u{FEFF}"] {
            #expect(CaptionText.firstLine.part(of: text) == nil && CaptionText.whole.part(of: text) == nil)
        }
    }

    @Test func namesDecideASplitWithoutClasses() throws {
        let root = try TemporaryFolder()
        try root.write((0..<1000).flatMap { ["images/\($0).png", "images/\($0).jpg"] } + ["x.png"])
        let table = (0..<2000).map { "images/\($0 / 2).png\tcaption \($0)\n" }.joined()
        try root.write(["list.tsv"], Data(table.utf8))
        let split = try Split(images: root.path + "/list.tsv", fraction: 0.3, seed: 4, by: .byName)
        #expect(split.origin == .hashed(seed: 4, fraction: 0.3))
        // Five standard deviations of 1,000 names.
        #expect(abs(Double(split.test.count) / 2000 - 0.3) < 5 * (0.21 / 1000).squareRoot())
        func names(_ source: any Source) -> Set<String> { Set((0..<source.count).map(source.name)) }
        #expect(names(split.train).isDisjoint(with: names(split.test)))
        #expect(split.train.count + split.test.count == 2000)
        // Others come, and the side stays; the ending does not matter.
        try root.write(["more.tsv"], Data((table.replacing(".png", with: ".jpg") + "x.png\ty\n").utf8))
        let more = try Split(images: root.path + "/more.tsv", fraction: 0.3, seed: 4, by: .byName)
        #expect(names(split.test).map { $0.replacing(".png", with: ".jpg") }.allSatisfy(names(more.test).contains))
        let other = try Split(images: root.path + "/list.tsv", fraction: 0.3, seed: 5, by: .byName)
        #expect(names(other.test) != names(split.test))
    }
}
