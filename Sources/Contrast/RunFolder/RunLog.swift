import Files
import Foundation

/// Appends to the run's metrics.jsonl and TensorBoard events.
final class RunLog {
    private let metrics: AppendingFile
    private let events: EventFile
    private let encoder: JSONEncoder

    /// Opens the logs. Lines of steps and passes after `position`, which a killed run wrote past its last checkpoint, are dropped.
    init(_ folder: RunFolder, resumingAt position: Checkpoint.Position) throws(FileError) {
        try Folder.create(at: folder.path)
        try RunLog.truncate(folder.metrics, after: position)
        metrics = try AppendingFile(folder.metrics)
        events = try EventFile(in: folder.path)
        encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys]
        // A diverged loss is a fact to be logged, not a reason to lose the log.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    }

    func write(_ record: StepRecord) throws { try append(record) }

    func write(_ record: EpochRecord) throws {
        try append(record)
        try events.write(record.scalars, step: record.step)
    }

    func write(_ record: DiagnosisRecord) throws { try append(record) }

    func write(histogram values: [Double], tag: String, step: Int) throws(FileError) {
        try events.write(histogram: values, in: -1...1, buckets: 80, tag: tag, step: step)
    }

    func write(picture png: [UInt8], width: Int, height: Int, tag: String) throws(FileError) {
        try events.write(png: png, width: width, height: height, tag: tag, step: 0)
    }

    private func append(_ record: some Encodable) throws {
        try metrics.append(try encoder.encode(record) + Data([0x0A]))
    }

    private static func truncate(_ path: String, after place: Checkpoint.Position) throws(FileError) {
        struct Position: Decodable {
            var step: Int
            var epoch: Int?
            var kind: String?
        }
        guard let text = try? StoredFile.read(path) else { return }
        let kept = text.split(separator: 0x0A).filter { line in
            guard let position = try? JSONDecoder().decode(Position.self, from: Data(line)) else { return false }
            // A pass's lines come after the pass's last step, and the end of the pass may not have been kept.
            let isOfPass = position.kind != StepRecord.kindName
            return position.step <= place.step && (!isOfPass || (position.epoch ?? 0) <= place.epoch)
        }
        try AtomicFile.write(kept.flatMap { $0 + [0x0A] }, to: path)
    }
}
