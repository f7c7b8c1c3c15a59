/// Everything that was drawn for one view of one image. With the image's bytes, it gives the same view again, bit for
/// bit.
public struct Recipe: Codable, Equatable, Sendable {
    /// The key of the draws; its `node` is 0.
    public let key: RandomKey
    /// The size of the whole picture.
    public let input: Size
    /// What the shared steps drew.
    public let trunk: [DrawnStep]
    /// What the view's own steps drew.
    public let steps: [DrawnStep]

    init(key: RandomKey, input: Size, trunk: [DrawnStep], steps: [DrawnStep]) {
        self.key = key
        self.input = input
        self.trunk = trunk
        self.steps = steps
    }
}
