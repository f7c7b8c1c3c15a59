import Files
import Foundation
import SwiftProtobuf

/// Appends scalars and images to a TensorBoard event file, `events.out.tfevents.TIME.HOST`.
///
/// A record is its length (8 bytes, little-endian), the masked CRC-32C of the length, the serialised event, and the
/// masked CRC-32C of the event: TensorFlow's TFRecord framing.
public final class EventFile {
    private let file: AppendingFile

    /// Opens a new event file in `folder`.
    /// - Throws: `FileError` if it cannot be written.
    public init(in folder: String, now: Date = Date()) throws(FileError) {
        let name = "events.out.tfevents.\(Int(now.timeIntervalSince1970)).\(ProcessInfo.processInfo.hostName)"
        file = try AppendingFile("\(folder)/\(name)")
        var event = TBEvent()
        event.wallTime = now.timeIntervalSince1970
        event.fileVersion = "brain.Event:2"
        try append(event)
    }

    /// Writes scalars of one step, in order.
    public func write(_ scalars: [(tag: String, value: Double)], step: Int, now: Date = Date()) throws(FileError) {
        var event = TBEvent()
        event.wallTime = now.timeIntervalSince1970
        event.step = Int64(step)
        event.summary.value = scalars.map { scalar in
            var value = TBSummary.Value()
            value.tag = scalar.tag
            value.simpleValue = Float(scalar.value)
            return value
        }
        try append(event)
    }

    /// Writes a histogram with buckets of equal width; values outside of the range count in the first or last bucket.
    public func write(
        histogram values: [Double], in range: ClosedRange<Double>, buckets: Int, tag: String, step: Int,
        now: Date = Date()
    ) throws(FileError) {
        guard let least = values.min(), let most = values.max() else { return }
        let width = (range.upperBound - range.lowerBound) / Double(buckets)
        var counts = [Double](repeating: 0, count: buckets)
        for value in values where value.isFinite {
            counts[min(max(Int((value - range.lowerBound) / width), 0), buckets - 1)] += 1
        }
        var histogram = TBSummary.Histogram()
        (histogram.min, histogram.max, histogram.num) = (least, most, Double(values.count))
        histogram.sum = values.reduce(0, +)
        histogram.sumSquares = values.reduce(0) { $0 + $1 * $1 }
        histogram.bucketLimit = (1...buckets).map { range.lowerBound + width * Double($0) }
        histogram.bucket = counts
        var event = TBEvent()
        event.wallTime = now.timeIntervalSince1970
        event.step = Int64(step)
        event.summary.value = [.with { ($0.tag, $0.histo) = (tag, histogram) }]
        try append(event)
    }

    /// Writes an image, given as the bytes of a PNG file.
    public func write(png: [UInt8], width: Int, height: Int, tag: String, step: Int) throws(FileError) {
        var image = TBSummary.Image()
        image.width = Int32(width)
        image.height = Int32(height)
        image.colorspace = 3
        image.encodedImageString = Data(png)
        var value = TBSummary.Value()
        value.tag = tag
        value.image = image
        var event = TBEvent()
        event.wallTime = Date().timeIntervalSince1970
        event.step = Int64(step)
        event.summary.value = [value]
        try append(event)
    }

    private func append(_ event: TBEvent) throws(FileError) {
        let payload: Data
        do {
            payload = try event.serializedData()
        } catch {
            throw FileError(path: file.path, reason: "cannot serialise an event: \(error)")
        }
        let length = withUnsafeBytes(of: UInt64(payload.count).littleEndian) { Data($0) }
        try file.append(length + EventFile.maskedChecksum(length) + payload + EventFile.maskedChecksum(payload))
    }

    private static func maskedChecksum(_ data: Data) -> Data {
        let checksum = crc32c(data)
        let masked = (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
        return withUnsafeBytes(of: masked.littleEndian) { Data($0) }
    }

    /// CRC-32C (Castagnoli), bit by bit, which is fast enough for a few hundred bytes an epoch.
    static func crc32c(_ data: Data) -> UInt32 {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in data {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~remainder
    }
}
