/// The type and layout of the pixel values of a batch's views.
public enum ViewPixels: String, CaseIterable, Codable, Sendable {
    /// Normalised floats, channel by channel: `[views, count, 3, height, width]`.
    case float32
    /// Bytes without normalisation, channels last: `[views, count, height, width, 3]`. They need a quarter of the
    /// memory and are for devices that normalise themselves.
    case uint8

    /// The number of bytes of one value.
    var stride: Int {
        switch self {
        case .float32: MemoryLayout<Float>.stride
        case .uint8: MemoryLayout<UInt8>.stride
        }
    }
}
