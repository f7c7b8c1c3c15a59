/// Turns bytes into the floats of a network's input, channel by channel: `(x / 255 - mean) / std`.
///
/// It is not a step: it is applied when a finished view is written into the batch.
public struct Normalize: Component {
    /// Its name in pipeline files.
    public static let name = "normalize"
    /// The mean of each channel, for pixel values in 0...1.
    public var mean = [0.485, 0.456, 0.406]
    /// The standard deviation of each channel, for pixel values in 0...1.
    public var std = [0.229, 0.224, 0.225]

    /// ImageNet's statistics.
    public init() {}

    /// Throws `InvalidSetting` unless both have one usable value for each channel.
    public func validate() throws(InvalidSetting) {
        for (key, values) in [("mean", mean), ("std", std)] {
            guard values.count == Image.channels else {
                throw InvalidSetting(key, "must have \(Image.channels) values, has \(values.count)")
            }
        }
        for (key, values) in [("mean", mean), ("std", std)] {
            for value in values where value > 4 && value <= 255 {
                let share = (value / 255 * 1000).rounded() / 1000
                throw InvalidSetting(
                    key, "\(value) is of pixel values in 0...255; views.normalize takes 0...1: did you mean \(share)?")
            }
        }
        for value in mean { try require("mean", value, in: 0...1) }
        for value in std where !(value >= 1e-6 && value <= 4) {
            throw InvalidSetting("std", "must be positive, and at most 4, is \(value)")
        }
        // Of values in 0...1 the variance is at most m (1 - m).
        func possible(_ mean: [Double], _ std: [Double]) -> [Bool] { zip(mean, std).map { $1 * $1 <= $0 * (1 - $0) } }
        if possible(mean, std).contains(false), !possible(std, mean).contains(false), !mean.contains(0) {
            throw InvalidSetting(
                "mean", "\(mean) and std \(std) look exchanged: no images have such a standard deviation")
        }
    }

    /// The factor and offset that normalise a pixel value of 0...255, for each channel: `1 / (255 std)` and `-mean /
    /// std`.
    public var affine: [(factor: Float, offset: Float)] {
        zip(mean, std).map { (Float(1 / (255 * $1)), Float(-$0 / $1)) }
    }

    /// Writes a picture as `[3, height, width]` to `target`, which must have room for it.
    public func write(_ image: Image, to target: UnsafeMutablePointer<Float>) {
        let count = image.size.area
        for channel in 0..<Image.channels {
            PixelOperations.normalize(
                image.plane(channel), count: count, mean: mean[channel], std: std[channel],
                to: target + channel * count)
        }
    }
}
