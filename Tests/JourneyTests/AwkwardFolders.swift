import Foundation
import Views

/// The folders that people have, one recipe each.
///
/// A line of a recipe is one of
/// - `cat/ 6`: six pictures `0.png` to `5.png` in that folder; `. 6`: in the root;
/// - `cat/one.jpg = text`: a file with this text, `\n` for a new line and `\xNN` for a byte;
/// - `cat/copy.png -> cat/0.png`: a symbolic link;
/// - `$ line`: a line of the shell, in the folder.
enum AwkwardFolders {
    static let recipes: [String: String] = [
        "nothing": "",
        "two classes": "cat/ 6\ndog/ 6",
        "two larger classes": "cat/ 10\ndog/ 10",
        "flat": ". 8",
        "train and test": "train/cat/ 6\ntrain/dog/ 6\ntest/cat/ 3\ntest/dog/ 3",
        "another class in test": "train/cat/ 6\ntrain/dog/ 6\ntest/cat/ 3\ntest/plane/ 3",
        "classes that look alike":
            "train/caf\u{E9}/ 6\ntrain/cafe\u{301}/ 6\ntest/caf\u{E9}/ 3\ntest/cafe\u{301}/ 3",
        "many classes": """
        . 4
        $ for i in $(seq 1100); do mkdir c$i && cp 0.png c$i/a.png && cp $((i % 3 + 1)).png c$i/b.png; done; rm *.png
        """,
        "shards without some labels": """
        . 24
        $ for i in $(seq 0 23); do test $((i % 6)) = 5 || echo $((i / 2 % 2)) >$i.cls; done
        $ tar cf ../all.tar $(LC_ALL=C ls) && rm * && mv ../all.tar .
        """,
        "two classes of one name": """
        . 16
        $ for i in $(seq 0 15); do echo $((i % 2)) >$i.cls; done; printf 'crane\\ncrane\\n' >classes.txt
        $ tar cf ../all.tar $(LC_ALL=C ls) && rm * && mv ../all.tar .
        """,
        "ImageNet as downloaded": "train/cat/ 6\ntrain/dog/ 6\nval/ 5",
        "three sides in capitals": "Train/cat/ 6\nTrain/dog/ 6\nTesting/cat/ 3\nVALID/cat/ 2\nVALID/dog/ 2",
        "train and a third folder": "train/cat/ 6\ntrain/dog/ 6\ntest/cat/ 3\ntest/dog/ 3\nplane/ 3",
        "train and unlabelled": "train/cat/ 6\ntrain/dog/ 6\nunlabelled/ 5",
        "vehicles": "train/ 6\nbus/ 6",
        "a wrapper": "flowers/rose/ 6\nflowers/tulip/ 6\n__MACOSX/flowers/rose/._0.png = x",
        "of systems": "cat/ 6\ndog/ 6\n@eaDir/ 3\n$RECYCLE.BIN/ 2\ncat/@eaDir/ 2\n.ipynb_checkpoints/ 2",
        "two capitals": "Cat/ 4\ncat/ 4",
        "the same on both sides": "train/cat/ 6\ntrain/dog/ 6\n$ cp -r train test",
        "formats that are not read":
            "cat/ 4\ndog/ 4\npsd/1.psd = x\npsd/2.psd = x\ncat/x.jxl = x\ncat/page.jpg = <!DOCTYPE html>"
            + "\ncat/lfs.jpg = version https://git-lfs.github.com/spec/v1\\n",
        "two good, three damaged":
            "cat/ 2\ncat/a.png = \\x89PNG\\x0d\\n\\x1a\\n\ncat/b.png = \\x89PNG\\x0d\\n\\x1a\\n\ncat/c.jpg = text",
        "one bad in test": "train/cat/ 6\ntrain/dog/ 6\ntest/cat/ 3\ntest/dog/ 3\ntest/cat/bad.png = text",
        "shards as others write them":
            "x/ 4\n$ cd x && for i in 0 1 2 3; do mv $i.png img_v1.$i.png; printf $((i % 2)) >img_v1.$i.cls; done"
            + "\n$ tar cf dots.tar -C x $(ls x | sort -r) && tar czf packed.tar -C x . && tar cf side.tar x",
        "a table of patients": """
        x/ 24
        $ (echo id,file_name,species,patient_id,note; for i in $(seq 0 23); do echo $i,x/$i.png,$((i % 2)),p$((i / 3)),; done) >list.csv
        $ (echo image,label,split; for i in $(seq 0 23); do echo x/$i.png,$((i % 2)),$(test $((i % 4)) = 3 && echo test || echo train); done) >sides.csv
        $ (echo image,tags; for i in $(seq 0 23); do echo "x/$i.png,a|$(test $((i % 2)) = 1 && echo b)|$(test $((i % 6)) = 1 && echo c)"; done) >sets.csv
        $ (echo image,value; for i in $(seq 0 23); do echo x/$i.png,$i; done) >values.csv
        $ (head -3 list.csv; echo 9,x/none.png,1,p1,; echo 9,x/gone.png,1,p1,) >missing.csv
        $ sed 's/,/;/g; s/species/class/' list.csv >wrong.csv && echo '7;x/7.png' >>wrong.csv
        """,
        "an image folder with metadata":
            ". 6\nmetadata.csv = file_name,label\\n0.png,cat\\n1.png,dog\\n2.png,cat\\n3.png,dog\\n",
        "tables":
            "cat/ 3\ndog/ 3\nlist.csv = image,label\\ncat/0.png,cat\\ncat/1.png,cat\\ndog/0.png,dog\\ndog/1.png,dog\\n"
            + "\ncaptions.txt = image,caption\\ncat/0.png,A cat\\n\ncoco.json = {\"annotations\": []}",
    ]

    /// Makes the folder of a recipe.
    static func make(_ name: String, at path: String) throws {
        guard let recipe = recipes[name] else { throw CocoaError(.fileNoSuchFile) }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for line in recipe.split(separator: "\n") { try add(String(line), at: path) }
    }

    private static func add(_ line: String, at path: String) throws {
        let files = FileManager.default
        if line.hasPrefix("$ ") {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", String(line.dropFirst(2))]
            process.currentDirectoryURL = URL(fileURLWithPath: path)
            try process.run()
            process.waitUntilExit()
        } else if let range = line.range(of: " -> ") {
            try files.createSymbolicLink(
                atPath: "\(path)/\(line[..<range.lowerBound])", withDestinationPath: String(line[range.upperBound...]))
        } else if let range = line.range(of: " = ") {
            let file = URL(fileURLWithPath: "\(path)/\(line[..<range.lowerBound])")
            try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes(line[range.upperBound...])).write(to: file)
        } else {
            let parts = line.split(separator: " ")
            let folder = parts[0] == "." ? path : "\(path)/\(parts[0])"
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for index in 0..<(Int(parts[1]) ?? 0) {
                try Data(picture(line, index)).write(to: URL(fileURLWithPath: "\(folder)/\(index).png"))
            }
        }
    }

    /// A picture of 16 by 16 pixels: noise around a colour that depends on the folder.
    private static func picture(_ line: String, _ index: Int) throws -> [UInt8] {
        let seed = line.utf8.reduce(UInt32(17)) { $0 &* 31 &+ UInt32($1) }
        var state = seed &+ UInt32(index) &* 977
        let pixels = (0..<16 * 16 * 3).map { offset -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8((seed >> UInt32(offset % 3)) & 1 == 0 ? 20 : 200) + UInt8(state >> 27)
        }
        return try PNGWriter.encode(Image(size: Size(square: 16), interleaved: pixels))
    }

    /// The bytes of a text in which `\n` and `\xNN` are escapes.
    private static func bytes(_ text: Substring) -> [UInt8] {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
                result.append(first)
                continue
            }
            if kind == UInt8(ascii: "x") {
                result.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            } else {
                result.append(kind == UInt8(ascii: "n") ? 10 : kind)
            }
        }
        return result
    }
}
