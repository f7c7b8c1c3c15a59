import Foundation
import Testing

@testable import Views

@Suite("Scanning sources")
struct ScanTests {
    @Test func everythingOddIsReported() throws {
        let root = try TemporaryFolder()
        for index in 0..<6 { try root.write(["in/a/\(index).png"], Pictures.png(Pictures.picture(index))) }
        try root.write(["in/b/same.png", "in/b/same too.png"], Pictures.png(Pictures.picture(2)))
        // The same picture in another format and size, and lighter.
        try root.write(["in/b/larger.ppm"], Pictures.ppm(Pictures.picture(3, width: 96, height: 80)))
        let lighter = Pictures.picture(4)
        for channel in 0..<3 {
            for index in 0..<lighter.size.area {
                lighter.plane(channel)[index] = lighter.plane(channel)[index] / 4 * 3 + 50
            }
        }
        try root.write(["in/b/lighter.png"], Pictures.png(lighter))
        try root.write(["in/b/tiny.ppm"], Pictures.ppm(Pictures.picture(90, width: 31, height: 200)))
        try root.write(["in/b/x.jxl", "in/b/y.JXL", "in/b/z.psd", "in/b/notes.txt"])
        try root.write(["in/b/bad.jpg"])
        try root.write(["in/b/lies.jpg"], Pictures.png(Pictures.picture(91)))
        let report = Scan(try ImageFolder(root.path + "/in")).run(threads: 3)
        #expect(report.images == 13 && report.formats == ["png": 10, "ppm": 2])
        #expect(report.unreadable.map(\.path) == ["b/bad.jpg"] && report.mislabelled == ["b/lies.jpg"])
        #expect(report.duplicates == [["a/2.png", "b/same too.png", "b/same.png"]])
        #expect(report.nearDuplicates.map(\.paths) == [["a/3.png", "b/larger.ppm"], ["a/4.png", "b/lighter.png"]])
        #expect(report.nearDuplicates.allSatisfy { $0.distances[0] == 0 && $0.distances[1] <= 6 })
        #expect(report.tiny == ["b/tiny.ppm"] && report.tinyBelow == 32)
        #expect(report.foreign.mapValues(\.files) == ["jxl": 2, "psd": 1] && report.ignoredFiles == 4)
        #expect(Set(report.foreign["jxl"]?.examples ?? []) == ["b/x.jxl", "b/y.JXL"])
        #expect(report.imbalance == 7.0 / 6)
        #expect(report == Scan(try ImageFolder(root.path + "/in")).run(threads: 1))
        #expect(try JSONDecoder().decode(ScanReport.self, from: JSONEncoder().encode(report)) == report)
    }

    @Test func shardsAreScannedLikeFolders() throws {
        var tar = TarBuilder()
        for index in 0..<3 {
            tar.add(Array("\(index).png".utf8), Array(try Pictures.png(Pictures.picture(index % 2))))
            tar.add("\(index).cls", "\(index % 2)")
        }
        tar.add("3.jpg", "no image")
        let root = try TemporaryFolder()
        try root.write(["a.tar"], tar.ended)
        let report = Scan(try Sources.open(root.path + "/a.tar")).run(threads: 2)
        #expect(report.classes.map(\.images) == [2, 1] && report.unreadable.map(\.path) == ["a.tar/3.jpg"])
        #expect(report.duplicates == [["a.tar/0.png", "a.tar/2.png"]] && report.nearDuplicates.isEmpty)
    }

    @Test func filesThatMayNotBeReadAreReported() throws {
        guard getuid() != 0 else {
            print("skipped: root may read every file")
            return
        }
        let root = try TemporaryFolder()
        try root.write(["a/1.png"], Pictures.png(Pictures.picture(1)))
        try root.write(["a/2.png"], Pictures.png(Pictures.picture(2)))
        chmod(root.path + "/a/2.png", 0)
        let report = Scan(try ImageFolder(root.path)).run(threads: 1)
        #expect(report.unreadable.map(\.reason) == ["permission denied"])
    }
}
