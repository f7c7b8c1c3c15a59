// Coverage-guided fuzzing of what reads files from outside: `Fuzz TARGET CORPUS [libFuzzer's options]`.
//
// An input that traps, overruns, leaks or takes longer than libFuzzer's -timeout is a bug and is written beside the corpus.
import CFuzzer
import Files
import Foundation
import Text
import Views

/// What a target does with one input; it may throw, which is what bad input is for.
typealias Target = @Sendable (UnsafeRawBufferPointer) -> Void

/// Pictures that fuzzing decodes, at most: a larger one is refused, as users' are at 100 megapixels.
let options = DecodeOptions(maximumPixels: 1 << 20)

/// What a decoder makes of a part of a picture; nil where it refuses.
func pixels(_ data: UnsafeRawBufferPointer, _ decoder: ImageDecoder, _ part: Region? = nil) -> [UInt8]? {
    let image = Image()
    guard (try? decoder.decode(data, path: "fuzz", region: part, into: image)) != nil else { return nil }
    return image.interleaved()
}

/// Puts an input into a file, in memory where the system has such files, for what reads only files.
func withFile(_ data: UnsafeRawBufferPointer, _ ending: String, _ body: (String) -> Void) {
    let folder = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    let path = "\(folder)/diptych-fuzz-\(getpid()).\(ending)"
    guard FileManager.default.createFile(atPath: path, contents: Data(data)) else { return }
    defer { unlink(path) }
    body(path)
}

/// Decodes one format with a depth and a page that the input's last byte chooses; other formats are passed over.
func decode(_ format: ImageFormat) -> Target {
    { data in
        var chosen = options
        let byte = data.last ?? 0
        chosen.depth = [.highByte, .stretch, .range(low: 3, high: 3000)][Int(byte % 3)]
        chosen.page = Int(byte / 3 % 2)
        let decoder = ImageDecoder(options: chosen)
        guard let header = try? decoder.header(of: data, path: "fuzz"), header.format == format else { return }
        let (width, height) = (header.size.width, header.size.height)
        let part = Region(x: width / 3, y: height / 3, width: (width + 2) / 3, height: (height + 2) / 3)
        _ = pixels(data, decoder)
        _ = pixels(data, decoder, part)
    }
}

let targets: [String: Target] = [
    "bmp": decode(.bmp), "gif": decode(.gif), "pnm": decode(.ppm), "tiff": decode(.tiff), "webp": decode(.webp),
    "decode": { data in
        let decoder = ImageDecoder(options: options)
        guard let header = try? decoder.header(of: data, path: "fuzz") else { return }
        // A part from the middle takes other ways through the libraries.
        let (width, height) = (header.size.width, header.size.height)
        let part = Region(x: width / 3, y: height / 3, width: (width + 2) / 3, height: (height + 2) / 3)
        var plain = options
        plain.libraryOnly = true
        let library = ImageDecoder(options: plain)
        for region in [nil, part] {
            let own = pixels(data, decoder, region)
            if header.format == .jpeg, own != pixels(data, library, region) {
                fatalError("our own decoding differs from libjpeg's")
            }
        }
    },
    "yaml": { data in
        let text = String(decoding: data, as: UTF8.self)
        guard let reader = try? ConfigurationReader(file: "fuzz.yaml", text: text) else { return }
        _ = try? reader.read(ViewConfiguration.self)
        _ = try? reader.read(ViewConfiguration.self, section: "views")
    },
    "tar": { data in
        withFile(data, "tar") { path in
            var options = SourceOptions()
            // Damaged shards are what fuzzing is for.
            options.maximumBad = 1
            guard let source = try? Sources.open(path, options: options) else { return }
            let buffer = FileBuffer(limit: 1 << 22)
            for index in 0..<min(source.count, 16) {
                try? source.read(index, into: buffer)
                _ = try? source.caption(index)
                _ = source.name(index)
            }
        }
    },
    "npy": { data in
        withFile(data, "npy") { path in
            guard let array = try? NpyArray(contentsOf: path) else { return }
            let count =
                switch array.elements {
                case .floats(let values): values.count
                case .integers(let values): values.count
                }
            if count != array.shape.reduce(1, *) { fatalError("the elements do not fill the shape") }
        }
    },
    "tables": { data in
        for path in ["fuzz.tsv", "fuzz.csv", "fuzz.jsonl", "fuzz.txt"] {
            guard let source = try? ImageTable(data, path: path) else { continue }
            let split = Split(stratified: source)
            if split.train.count + split.test.count != source.count { fatalError("not every image has a side") }
            let text = TableWriter.text(of: source, paths: (0..<source.count).map(source.name))
            let again = Data(text.utf8).withUnsafeBytes { try? ImageTable($0, path: "fuzz.csv") }
            if again?.count != source.count { fatalError("a table that is written does not read back") }
            for index in 0..<min(source.count, 64) {
                _ = (source.name(index), source.label(index), source.fields(index))
                let classes = source.classes.indices
                if source.labels(index).contains(where: { !classes.contains($0) }) {
                    fatalError("a label without a class")
                }
                guard let text = (try? source.caption(index)).flatMap({ $0 }) else { continue }
                _ = CaptionText.firstLine.part(of: text)
                _ = CaptionText.whole.part(of: text)
            }
        }
    },
    "border": { data in
        var border = Border(data, images: "Tests/ViewsTests/Fixtures/good")
        border.run()
    },
    "vocabulary": { data in
        // What comes after the vocabulary is text for it.
        let bytes = UnsafeRawBufferPointer(rebasing: data[..<(data.firstIndex(of: 0) ?? data.count)])
        guard let vocabulary = try? BytePairVocabulary(bytes, path: "fuzz", size: 10_000) else { return }
        let text = String(decoding: data[bytes.count...], as: UTF8.self)
        let tokenizer = BytePairTokenizer(vocabulary)
        let tokens = tokenizer.encode(text)
        if tokens.contains(where: { !(0..<tokenizer.start).contains($0) }) { fatalError("a token that there is not") }
        let again = Data(vocabulary.text.utf8).withUnsafeBytes {
            try? BytePairVocabulary($0, path: "fuzz", size: 10_000)
        }
        if again != vocabulary { fatalError("the vocabulary does not read back") }
        var trainer = BytePairTrainer()
        trainer.add(text)
        _ = trainer.vocabulary(size: 600)
    },
]

guard CommandLine.arguments.count > 1, let target = targets[CommandLine.arguments[1]] else {
    FileHandle.standardError.write(Data("usage: Fuzz \(targets.keys.sorted().joined(separator: "|")) CORPUS\n".utf8))
    exit(2)
}

/// The callback is C's and captures nothing.
private nonisolated(unsafe) var chosen = target
var count = CommandLine.argc - 1
// libFuzzer takes its own name for the first argument.
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
exit(
    LLVMFuzzerRunDriver(&count, &arguments) { bytes, size in
        chosen(UnsafeRawBufferPointer(start: bytes, count: size))
        return 0
    })
