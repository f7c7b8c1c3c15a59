import Foundation
import Views

/// `views-bench IMAGES --pipeline FILE [--seconds N] [--threads N] [--cache MiB] [--set key=value]... [--json]`: what
/// `diptych bench` measures, in a program that needs nothing but the Views library.
struct Arguments {
    var images = ""
    var pipeline = ""
    var overrides: [String] = []
    var bench = Bench()
    var json = false

    init(_ words: [String]) throws {
        var words = words[...]
        func value(_ option: String) throws -> String {
            guard let word = words.popFirst() else { throw Usage(reason: "\(option) needs a value") }
            return word
        }
        func number<Number: LosslessStringConvertible>(_ option: String) throws -> Number {
            let word = try value(option)
            guard let number = Number(word) else { throw Usage(reason: "\(option) must be a number, is \(word)") }
            return number
        }
        while let word = words.popFirst() {
            switch word {
            case "--pipeline": pipeline = try value(word)
            case "--set": overrides.append(try value(word))
            case "--seconds": bench.seconds = try number(word)
            case "--threads": bench.options.threads = try number(word)
            case "--cache": bench.options.cacheBytes = try number(word) << 20
            case "--json": json = true
            case _ where word.hasPrefix("-"): throw Usage(reason: "\(word) is no option")
            default: images = word
            }
        }
        guard !images.isEmpty, !pipeline.isEmpty else { throw Usage(reason: "needs IMAGES and --pipeline FILE") }
    }
}

/// What is wrong with the command line.
struct Usage: Error, CustomStringConvertible {
    var reason: String
    var description: String { "views-bench: \(reason)" }
}

do {
    let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
    let pipeline = try ViewPipeline(contentsOf: arguments.pipeline, overrides: arguments.overrides)
    let report = try arguments.bench.run(ImageFolder(arguments.images), pipeline: pipeline)
    if arguments.json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
        print(report)
    }
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(2)
}
