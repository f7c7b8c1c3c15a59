import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Reports")
struct ReportTests {
    private let machine = Machine(device: .cpu, threads: 1)

    /// A run of a second, scored, in a folder whose name must be escaped.
    private func train(in place: TemporaryFolder, _ name: String = "a<b>&c") throws -> (
        run: String, images: ImageFolder
    ) {
        let images = try makeImages(["one", "two"], each: 16, in: place)
        let folder = RunFolder("\(place.path)/\(name)")
        let trainer = try Trainer(
            try tinyExperiment(), images: images, folder: folder, machine: machine, observer: Silent())
        #expect(try trainer.run() == .finished)
        let probe = Probe(try EncoderFile(folder.path), machine: machine)
        try probe.run(train: images, test: images, split: "all").write(to: folder.probe)
        return (folder.path, images)
    }

    @Test func aPageHoldsAllThatItShows() throws {
        let place = try TemporaryFolder()
        let (path, images) = try train(in: place)
        let run = try ReportedRun(path)
        #expect(run.epochs.count == 2 && run.probe?.classes == ["one", "two"])
        let sample = try ReportSample(run: path, images: images, machine: machine, benchSeconds: 0.05)
        let page = try Report(runs: [run], sample: sample).html()
        for section in reportSections { #expect(page.contains("<section id=\"\(section.id)\">"), "\(section.id)") }
        #expect(page.contains("a&lt;b&gt;&amp;c") && !page.contains("a<b>"))
        #expect(!page.contains("<script") && !page.contains("src=\"http") && !page.contains("url(http"))
        #expect(page.components(separatedBy: "<div").count == page.components(separatedBy: "</div>").count)
        #expect(page.components(separatedBy: "<section").count == page.components(separatedBy: "</section>").count)
        try look(at: page, in: place)
    }

    /// Headless Chromium, where there is one, has nothing to complain of.
    private func look(at page: String, in place: TemporaryFolder) throws {
        guard
            let browser = ["/usr/bin/chromium", "/usr/bin/google-chrome"].first(
                where: FileManager.default.isExecutableFile)
        else { return }
        let file = "\(place.path)/page.html"
        try page.write(toFile: file, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: browser)
        process.arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            "--user-data-dir=\(place.path)/b",
            "--dump-dom", "file://\(file)",
        ]
        let (out, errors) = (Pipe(), "\(place.path)/errors")
        FileManager.default.createFile(atPath: errors, contents: nil)
        process.standardOutput = out
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        let dom = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return }
        #expect(dom.contains("<section id=\"map\">"))
        let said = try String(contentsOfFile: errors, encoding: .utf8)
        #expect(!said.contains(":CONSOLE"), "\(said)")
    }

    @Test func runsAreComparedSideBySide() throws {
        let place = try TemporaryFolder()
        let first = try train(in: place, "first").run
        let second = "\(place.path)/second"
        try FileManager.default.copyItem(atPath: first, toPath: second)
        try FileManager.default.removeItem(atPath: RunFolder(second).probe)
        let runs = try [first, second].map { try ReportedRun($0) }
        let page = try Report(runs: runs, sample: nil).html()
        #expect(page.contains("<th>first</th><th>second</th>"))
        #expect(page.contains("second has no scores yet"))
        #expect(page.contains("diptych report \(first) --images"))
        #expect(!page.contains("id=\"map\""))
    }

    @Test func whatIsNoRunIsRefused() throws {
        let place = try TemporaryFolder()
        #expect(throws: TrainingError.self) { try ReportedRun(place.path) }
        #expect(throws: TrainingError.self) { try ReportedRun("\(place.path)/nowhere") }
    }
}
