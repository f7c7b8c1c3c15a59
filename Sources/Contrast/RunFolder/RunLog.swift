import Files
import Foundation

/// A run's metrics.jsonl and TensorBoard events, which grow.
final class RunLog {
    private let metrics: JSONLines
    private let events: EventFile

    /// Opens the logs, and removes the lines after `position`: a killed run wrote them after its last checkpoint.
    init(_ folder: RunFolder, resumingAt position: Checkpoint.Position) throws(FileError) {
        try Folder.create(at: folder.path)
        metrics = JSONLines(folder.metrics)
        try metrics.keep(Line.self) { line in
            // An epoch's lines come after its last step, and the end of the epoch may not have been kept.
            let isOfEpoch = line.kind != StepRecord.kindName
            return line.step <= position.step && (!isOfEpoch || (line.epoch ?? 0) <= position.epoch)
        }
        try metrics.open()
        events = try EventFile(in: folder.path)
    }

    private struct Line: Decodable {
        var step: Int
        var epoch: Int?
        var kind: String?
    }

    func write(_ record: StepRecord) throws { try metrics.append(record) }

    func write(_ record: EpochRecord) throws {
        try metrics.append(record)
        try events.write(record.scalars, step: record.step)
    }

    func write(_ record: DiagnosisRecord) throws { try metrics.append(record) }

    func write(histogram values: [Double], tag: String, step: Int) throws(FileError) {
        try events.write(histogram: values, in: -1...1, buckets: 80, tag: tag, step: step)
    }

    func write(picture png: [UInt8], width: Int, height: Int, tag: String) throws(FileError) {
        try events.write(png: png, width: width, height: height, tag: tag, step: 0)
    }
}
