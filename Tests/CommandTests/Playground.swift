import Foundation
import Views

/// A folder for one test, with pictures in it, taken away with the value.
final class Playground {
    /// Where it lies.
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("diptych-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A path inside.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file.
    @discardableResult
    func write(_ text: String, _ name: String) throws -> String {
        try text.write(toFile: self(name), atomically: true, encoding: .utf8)
        return self(name)
    }

    /// Reads a file.
    func read(_ name: String) throws -> String { try String(contentsOfFile: self(name), encoding: .utf8) }

    /// Makes class folders of noise in colours of their own, `each` pictures of 16 by 16 pixels.
    func pictures(_ classes: [String], each: Int, in folder: String = "images") throws -> String {
        var state: UInt32 = 1
        for (label, name) in classes.enumerated() {
            let place = self("\(folder)/\(name)")
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            for index in 0..<each {
                let pixels = (0..<16 * 16 * 3).map { offset -> UInt8 in
                    state = state &* 1_664_525 &+ 1_013_904_223
                    return UInt8(offset % 3 == label % 3 ? 200 : 20) + UInt8(state >> 27)
                }
                let image = Image(size: Size(square: 16), interleaved: pixels)
                try Data(try PNGWriter.encode(image)).write(to: URL(fileURLWithPath: "\(place)/\(index).png"))
            }
        }
        return self(folder)
    }

    /// A run small enough for a test.
    func pipeline(epochs: Int = 2, batch: Int = 8) throws -> String {
        try write(
            """
            views:
              branches: [{count: 2, size: 8, steps: [resized_crop, horizontal_flip]}]
            encoder: {convnet: {width: 2}}
            method: {simclr: {head: {mlp: {output: 4}}}}
            training: {epochs: \(epochs), batch_size: \(batch), log_every: 1}
            evaluation: {knn_every: 1}
            """, "pipeline.yaml")
    }
}
