/// What the levels of a batch's views are, and how its pictures are laid out.
public enum ViewPixels: String, CaseIterable, Codable, Sendable {
    /// Normalised floats, channel by channel: `[views, count, 3, height, width]`.
    case float32
    /// Bytes as the pipeline made them, not normalised, channels innermost: `[views, count, height, width, 3]`. A quarter
    /// of the memory, for devices that normalise themselves.
    case uint8

    /// Bytes of one level.
    var stride: Int {
        switch self {
        case .float32: MemoryLayout<Float>.stride
        case .uint8: MemoryLayout<UInt8>.stride
        }
    }
}
